// The table of scores: sorted by any column, filtered by words. It is there without scripts, too.

function startTable() {
  const table = document.getElementById("scores-table");
  if (!table) return;
  const body = document.getElementById("scores-languages");
  const rows = [...body.rows];
  const filter = document.getElementById("scores-filter");
  const by = document.getElementById("scores-by");
  const shown = document.getElementById("scores-shown");
  const headers = [...table.tHead.rows[0].cells];
  let sorted = null;

  const valueOf = (row, header) => {
    const { column, kind } = header.dataset;
    if (kind === "text" || column === "floor") {
      const text = row.dataset[column];
      return kind === "text" ? text : text === "" ? null : Number(text);
    }
    const text = row.cells[header.cellIndex].dataset[by.value];
    return text === undefined || text === "" ? null : Number(text);
  };

  const arrange = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let number = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
      number += !row.hidden;
    }
    shown.textContent = number === rows.length ? "" : `${number} of ${rows.length} shown`;
    if (!sorted) return;
    const [header, direction] = sorted;
    const keyed = rows.map((row) => [valueOf(row, header), row]);
    keyed.sort(([one], [other]) => {
      // What has no value comes last, whichever the direction.
      if (one === null || other === null) return (one === null) - (other === null);
      return direction * (typeof one === "string" ? one.localeCompare(other) : one - other);
    });
    body.append(...keyed.map(([, row]) => row));
  };

  for (const header of headers) {
    header.querySelector("button").addEventListener("click", () => {
      const first = header.dataset.kind === "text" ? 1 : -1;
      const direction = sorted && sorted[0] === header ? -sorted[1] : first;
      headers.forEach((other) => other.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      sorted = [header, direction];
      arrange();
    });
  }
  filter.addEventListener("input", arrange);
  by.addEventListener("change", arrange);
}
