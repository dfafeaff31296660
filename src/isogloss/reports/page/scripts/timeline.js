// When layers opened, and the Fisher traces of each, for one run.

function startTimeline() {
  const lines = numbers.timelines;
  if (!lines.length) return;
  let run;
  const { controls, again } = figure("timeline", (width) => {
    const own = lines[Number(run.value)];
    const number = (part) => Number(part.replace("layer_", ""));
    const opened = own.opened.filter((event) => event.part.startsWith("layer_")).map((event) => ({ layer: number(event.part), step: event.step }));
    const others = own.opened.filter((event) => !event.part.startsWith("layer_"));
    const layers = [...new Set([...own.layers, ...opened.map((event) => event.layer)])].sort(d3.ascending);
    const ends = own.steps.map((step, look) => [look ? own.steps[look - 1] : 0, step]);
    const cells = own.layers.flatMap((layer, place) => own.traces[place].map((value, look) =>
      ({ layer, begun: ends[look][0], step: ends[look][1], value })).filter((cell) => cell.value !== null && cell.value > 0));
    const plot = Plot.plot({
      width,
      height: 80 + 26 * layers.length,
      marginLeft: 60,
      ariaLabel: "Layers over time",
      x: { label: "step", domain: [0, Math.max(own.step, d3.max(own.steps) ?? 0, d3.max(own.opened, (event) => event.step) ?? 0)] },
      y: { label: "layer", type: "band", domain: [...layers].reverse(), padding: 0.08 },
      color: { type: "log", scheme: "YlGnBu", legend: cells.length > 0, ticks: 3, tickFormat: "~g", label: "trace of the Fisher matrix" },
      marks: [
        Plot.rect(cells, { x1: "begun", x2: "step", y: "layer", fill: "value", title: (cell) => `layer ${cell.layer}, step ${cell.step}: ${cell.value}`, tip: true }),
        Plot.tickX(opened, { x: "step", y: "layer", stroke: "black", strokeWidth: 3, title: (event) => `layer ${event.layer} opened at step ${event.step}`, tip: true }),
        Plot.text(opened, { x: "step", y: "layer", text: () => "opened", dx: 4, textAnchor: "start", fontSize: 10, fill: "black", stroke: "white", strokeWidth: 3 }),
      ],
    });
    const besides = others.length ? make("p", {}, `Besides: ${others.map((event) => `${event.part} opened at step ${event.step}`).join("; ")}.`) : "";
    const rows = [
      ...opened.map(({ layer, step }) => ({ layer, step, what: "opened", value: null })),
      ...cells.map(({ layer, step, value }) => ({ layer, step, what: "trace", value })),
    ];
    return { elements: [plot, besides], rows };
  });
  run = choice(controls, "Run", lines.map((own, place) => [String(place), `${own.method}, seed ${own.seed}`]), again);
  again();
}
