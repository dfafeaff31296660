// Single predictions: how sentences are shown, and the controls.

const PAGE = 20;

function startSentences() {
  const told = numbers.sentences;
  if (!told.rows.length) return;
  const section = document.getElementById("sentences");
  section.hidden = false;
  const list = section.querySelector(".found");
  const count = section.querySelector(".count");
  const more = section.querySelector(".more");
  const controls = section.querySelector(".controls");
  const { labels, cells, methods } = told;
  const answers = told.rows.some((row) => row[SAID].some((said) => typeof said === "string"));
  const places = methods.map((method, place) => [String(place), method]);
  let found = [];
  let shown = 0;

  const several = new Set(cells.map((cell) => cell.data)).size > 1;
  const nameOf = (cell) => (several ? `${cell.language} (${cell.data})` : cell.language);
  const search = () => {
    const [cell, a, b] = [language, first, second].map((select) => (select.value === "" ? null : Number(select.value)));
    const [one, other] = [gold, predicted].map((select) => (select && select.value !== "" ? Number(select.value) : null));
    const [, , asked] = OUTCOMES.find(([name]) => name === outcome.value);
    const words = typed.value.trim().toLowerCase();
    found = told.rows.filter((row) =>
      (cell === null || row[CELL] === cell) && asked(row[RIGHT][a], row[RIGHT][b]) && hasLabels(row, a, one, other) && holds(row, words));
    const whole = d3.sum(cells.filter((_, place) => cell === null || place === cell), (own) => own.total);
    const held = told.rows.filter((row) => cell === null || row[CELL] === cell).length;
    count.textContent = `${found.length.toLocaleString("en")} of ${held.toLocaleString("en")} sentences`
      + (held < whole ? `, which are evenly spaced of ${whole.toLocaleString("en")}` : "");
    list.replaceChildren();
    shown = 0;
    next();
  };
  const next = () => {
    const [a, b] = [first, second].map((select) => Number(select.value));
    const order = [...new Set([a, b, ...methods.keys()])];
    list.append(...found.slice(shown, shown + PAGE).map((row) => sentence(row, order)));
    shown += PAGE;
    more.hidden = shown >= found.length;
  };

  const sentence = (row, order) => {
    const cell = cells[row[CELL]];
    const tagged = Array.isArray(row[GOLD]) && !answers;
    const where = make("p", { class: "where" }, make("bdi", {}, nameOf(cell)), " · ", make("bdi", {}, row[ID]));
    const direction = { dir: cell.rtl ? "rtl" : "ltr", lang: cell.code };
    const text = make("div", { class: "text", ...direction });
    if (row[TEXT] === null) text.hidden = true;
    else if (tagged) text.append(...order.slice(0, 2).map((method) => tokens(row, method, methods[method])));
    else text.append(...[row[TEXT]].flat().map((part) => make("p", {}, part)));
    const gold = tagged || row[GOLD] === null ? [] : [make("li", {}, "gold: ", make("bdi", {}, answers ? row[GOLD].join(" / ") : labels[row[GOLD]]))];
    return make("li", {}, where, text, make("ul", { class: "answers" }, ...gold, ...saidBy(row, order, tagged)));
  };

  /** A line of tokens with their tags; wrong ones are marked, with the gold tag behind the arrow. */
  const tokens = (row, method, name) => {
    const said = taggedBy(row, method);
    const line = make("p", { class: "tokens" }, make("b", { dir: "ltr", lang: "en" }, name));
    row[TEXT].forEach((token, place) => {
      const wrong = row[GOLD][place] !== said[place];
      const tag = wrong ? `${labels[said[place]]} ← ${labels[row[GOLD][place]]}` : labels[said[place]];
      line.append(make("span", { class: wrong ? "wrong" : false }, make("bdi", {}, token), make("small", { dir: "ltr", lang: "en" }, tag)));
    });
    return line;
  };

  /** What the methods said, those that said the same together. */
  const saidBy = (row, order, tagged) => {
    const groups = d3.groups(order.filter((method) => row[SAID][method] !== null), (method) => JSON.stringify([row[SAID][method], row[RIGHT][method]]));
    return groups.map(([, own]) => {
      const said = row[SAID][own[0]];
      const wrong = tagged ? said.length / 2 : 0;
      const what = tagged ? (wrong ? `${wrong} tag${wrong > 1 ? "s" : ""} wrong` : "all tags right") : answers ? said : labels[said];
      const by = own.map((method) => methods[method] + (row[SURE][method] === null ? "" : ` (${row[SURE][method]})`)).join(", ");
      const right = row[RIGHT][own[0]];
      const kind = right === "1" ? "right" : right === "0" ? "wrong" : false;
      return make("li", { class: kind }, make("b", {}, make("bdi", {}, what)), right === "1" ? " ✓ " : right === "0" ? " ✗ " : " ", make("bdi", {}, by));
    });
  };

  const any = ["", "any"];
  const named = labels.map((label, place) => [String(place), label]).sort(([, one], [, other]) => one.localeCompare(other));
  const language = choice(controls, "Language", [any, ...cells.map((cell, place) => [String(place), nameOf(cell)])], search);
  const first = choice(controls, "Method A", places, search);
  const second = choice(controls, "Method B", places, search, String(Math.min(1, methods.length - 1)));
  const outcome = choice(controls, "Outcome", OUTCOMES.map(([name, text]) => [name, text]), search);
  const gold = answers ? null : choice(controls, "Gold", [any, ...named], search);
  const predicted = answers ? null : choice(controls, "Predicted by A", [any, ...named], search);
  const typed = make("input", { type: "search", placeholder: "words", autocomplete: "off" });
  typed.addEventListener("input", search);
  controls.append(make("label", {}, "Text or id with", typed));
  more.querySelector("button").addEventListener("click", next);
  search();
}
