// Sorting of tables by a click on a header, which holds a button.

/** Calls `arrange(header, direction)` after each click: numbers begin with the largest, texts with the first. */
function sortable(headers, arrange) {
  let last = null;
  for (const header of headers) {
    header.querySelector("button").addEventListener("click", () => {
      const first = header.dataset.kind === "text" ? 1 : -1;
      const direction = last && last[0] === header ? -last[1] : first;
      headers.forEach((other) => other.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      last = [header, direction];
      arrange(header, direction);
    });
  }
}

/** The items by their values; what has no value comes last, whichever the direction. */
function inOrder(items, valueOf, direction) {
  const keyed = items.map((item) => [valueOf(item), item]);
  keyed.sort(([one], [other]) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return direction * (typeof one === "string" ? one.localeCompare(other) : one - other);
  });
  return keyed.map(([, item]) => item);
}
