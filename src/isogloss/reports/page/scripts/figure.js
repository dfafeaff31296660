// A figure: its controls, its drawing, which follows the width of the window, and its numbers as a table.

/**
 * Shows the section of that id. `draw(width)` gives what is drawn, and as `rows` the numbers behind it.
 * Returns what draws anew, for controls to call, and the place for these.
 */
function figure(id, draw) {
  const section = document.getElementById(id);
  section.hidden = false;
  const drawing = section.querySelector(".drawing");
  const details = section.querySelector(".numbers");
  let rows = [];
  let width = 0;
  const again = () => {
    width = drawing.clientWidth;
    const drawn = draw(Math.max(280, Math.min(width, 1180)));
    rows = drawn.rows;
    drawing.replaceChildren(...drawn.elements);
    if (details.open) tabulate(details.querySelector(".wide"), rows);
  };
  details.addEventListener("toggle", () => details.open && tabulate(details.querySelector(".wide"), rows));
  // On paper a figure may not be cut: the browser scales it, so only the screen draws anew.
  new ResizeObserver(() => Math.abs(drawing.clientWidth - width) > 8 && again()).observe(drawing);
  return { controls: section.querySelector(".controls"), again };
}

/** A table of rows that have the same names, sorted by a click on one of these. */
function tabulate(container, rows) {
  if (!rows.length) return container.replaceChildren(make("p", {}, "None."));
  const names = Object.keys(rows[0]);
  const kindOf = (name) => (rows.some((row) => typeof row[name] === "string") ? "text" : "number");
  const headers = names.map((name) => make("th", { scope: "col", "aria-sort": "none", "data-kind": kindOf(name) }, make("button", { type: "button" }, name)));
  const cell = (value) => make("td", { class: typeof value === "number" ? "number" : false }, value === null ? "–" : String(value));
  const lines = rows.map((row) => [row, make("tr", {}, ...names.map((name) => cell(row[name])))]);
  const body = make("tbody", {}, ...lines.map(([, line]) => line));
  sortable(headers, (header, direction) => {
    const name = names[headers.indexOf(header)];
    body.append(...inOrder(lines, ([row]) => row[name], direction).map(([, line]) => line));
  });
  return container.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...headers)), body));
}

/** Room for the longest of the names on the left of a drawing, of which long ones are cut. */
const leftOf = (names, width) => Math.min(width * 0.4, 20 + 6.4 * d3.max(names, (name) => name.length));
const cut = (name, room) => {
  const most = Math.max(6, Math.floor((room - 20) / 6.4));
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
};
