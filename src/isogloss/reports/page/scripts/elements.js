// Elements of the page. Texts of runs are only ever set as text, never as HTML.

const numbers = JSON.parse(document.getElementById("numbers").textContent);

/** A new element with attributes and children; a child that is no element becomes text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A labelled list to choose from; `changed` is called after each choice. */
function choice(container, label, options, changed, chosen) {
  const select = make("select");
  for (const [value, text] of options) select.append(make("option", { value, selected: value === chosen }, text));
  select.addEventListener("change", changed);
  container.append(make("label", {}, label, select));
  return select;
}

/** Replaces the options of a list, and keeps what was chosen where it is still there. */
function renew(select, options) {
  const before = select.value;
  select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  if (options.some(([value]) => value === before)) select.value = before;
  select.closest("label").hidden = options.length < 2;
}

/** Values as options, once each, in the order in which they come. */
const asOptions = (values) => [...new Set(values)].map((value) => [String(value), String(value)]);

/** The colour of a method: the same in all figures. */
const colour = d3.scaleOrdinal(
  numbers.methods,
  numbers.methods.length <= 10
    ? d3.schemeObservable10 ?? d3.schemeTableau10
    : numbers.methods.map((_, place) => d3.interpolateTurbo((place + 0.5) / numbers.methods.length)),
);

/** What the colours mean. */
function keys(methods) {
  return make("ul", { class: "keys" }, ...methods.map((method) => {
    const dot = make("i");
    dot.style.background = colour(method);
    return make("li", {}, dot, make("bdi", {}, method));
  }));
}
