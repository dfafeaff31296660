// How alike languages are represented to their source, layer by layer, before training and after it.

/** How texts went through the model, and the dashes of its lines. */
const STATES = [
  ["before training", "dotted", "2 4"],
  ["after, each text alone", "dashed", "8 3"],
  ["after, mixed with its source", "whole", null],
];

function startBesideSource() {
  const seen = numbers.besideSource;
  if (!seen.length) return;
  let kind;
  let measure;
  let language;
  const { controls, again } = figure("beside-source", (width) => {
    const own = seen.filter((one) => one.kind === kind.value);
    const codes = new Set(own.flatMap((one) => one.curves.map((curve) => curve.language)));
    renew(language, asOptions([...codes]));
    const shown = own.flatMap((one) => one.curves.map((curve) => ({ method: one.method, ...curve })))
      .filter((curve) => curve.measure === measure.value && curve.language === language.value);
    const points = shown.flatMap(({ method, state, values }) => values.map((value, layer) => ({ method, state, layer, value })))
      .filter((point) => point.value !== null);
    const states = STATES.filter(([state]) => shown.some((curve) => curve.state === state));
    const said = (point) => `${point.method}, ${point.state}, layer ${point.layer}: ${point.value}`;
    const plot = Plot.plot({
      width,
      height: Math.min(400, Math.max(240, width * 0.5)),
      marginLeft: 50,
      ariaLabel: `${measure.value} with the source by layer, ${language.value}`,
      x: { label: "layer", ticks: d3.range(d3.max(own, (one) => one.layer) + 1), tickFormat: "d" },
      y: { label: `${measure.value} with the source`, domain: [0, 1], grid: true },
      marks: [
        ...states.map(([state, , dashes]) => Plot.line(points.filter((point) => point.state === state),
          { x: "layer", y: "value", z: "method", stroke: (point) => colour(point.method), strokeWidth: 2, strokeDasharray: dashes })),
        Plot.dot(points, { x: "layer", y: "value", r: 3, fill: (point) => colour(point.method), title: said, tip: true }),
      ],
    });
    const lines = make("p", {}, `Lines: ${states.map(([state, name]) => `${name}, ${state}`).join("; ")}.`);
    const table = make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Correlations with the transfer gap" });
    tabulate(table, own.flatMap(correlationsOf));
    return { elements: [keys([...new Set(shown.map((curve) => curve.method))]), lines, plot, table], rows: own.flatMap(layersOf) };
  });
  kind = choice(controls, "Measured on", asOptions(seen.map((one) => one.kind)), again);
  measure = choice(controls, "Measure", asOptions(seen.flatMap((one) => one.curves.map((curve) => curve.measure))), again);
  language = choice(controls, "Language", [["", ""]], again);
  kind.closest("label").hidden = new Set(seen.map((one) => one.kind)).size < 2;
  again();
}

/** A row for each state of a method: how CKA goes with the transfer gap. */
const correlationsOf = ({ method, layer, correlations }) => correlations.map(({ state, languages, rho, low, high }) => {
  const two = (value) => (value === null ? null : Number(value.toFixed(2)));
  return { method, representations: state, layer, languages, "ρ of 1 − CKA with the gap": two(rho), "from": two(low), "to": two(high) };
});

/** A row for each language and layer of a method, a column for each measure and state. */
function layersOf({ method, layer, curves, gaps }) {
  const columns = [...new Set(curves.map((curve) => `${curve.measure}, ${curve.state}`))];
  return d3.groups(curves, (curve) => curve.language).flatMap(([language, own]) => d3.range(layer + 1).map((place) => ({
    method,
    language,
    layer: place,
    ...Object.fromEntries(columns.map((name) => [name, own.find((curve) => `${curve.measure}, ${curve.state}` === name)?.values[place] ?? null])),
    "transfer gap": gaps[language] ?? null,
  })));
}
