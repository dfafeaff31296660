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
    if (sorted) body.append(...inOrder(rows, (row) => valueOf(row, sorted[0]), sorted[1]));
  };

  sortable(headers, (...how) => {
    sorted = how;
    arrange();
  });
  filter.addEventListener("input", arrange);
  by.addEventListener("change", arrange);
}
