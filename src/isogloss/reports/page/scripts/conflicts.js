// Conflicts of gradients: a heat map of languages by languages, with a slider over the looks.

/** The pairs of languages at a look, both ways round. */
function pairsOf(seen, look) {
  const found = [];
  let place = 0;
  seen.languages.forEach((one, first) => {
    for (const other of seen.languages.slice(first + 1)) {
      const value = seen.values[look][place++];
      if (value !== null) found.push({ one, other, value }, { one: other, other: one, value });
    }
  });
  return found;
}

function startConflicts() {
  const seen = numbers.conflicts;
  if (!seen.length) return;
  let method;
  let kind;
  let slider;
  let said;
  const nameOf = (own) => `${own.probe === "conflicts" ? "fixed batches" : "the step's own batches"}, ${own.metric}`;
  const { controls, again } = figure("conflicts", (width) => {
    renew(kind, asOptions(seen.filter((own) => own.method === method.value).map(nameOf)));
    const own = seen.find((one) => one.method === method.value && nameOf(one) === kind.value);
    slider.max = own.steps.length - 1;
    const look = Number(slider.value);
    said.textContent = `step ${own.steps[look].toLocaleString("en")} (${look + 1} of ${own.steps.length} looks)`;
    slider.setAttribute("aria-valuetext", said.textContent);
    const pairs = pairsOf(own, look);
    // One scale for all looks of a method, so that a colour means the same wherever the slider stands.
    const most = Math.max(0.05, d3.max(own.values, (values) => d3.max(values, (value) => Math.abs(value ?? 0))));
    const cell = Math.min(60, (Math.min(width, 780) - 70) / own.languages.length);
    const side = cell * own.languages.length;
    const map = Plot.plot({
      width: side + 70,
      height: side + 50,
      marginLeft: 60,
      marginRight: 10,
      marginTop: 40,
      marginBottom: 10,
      ariaLabel: `Cosines of gradients of ${method.value} at ${said.textContent}`,
      x: { label: null, domain: own.languages, axis: "top", tickRotate: own.languages.length > 12 ? -60 : 0 },
      y: { label: null, domain: own.languages },
      color: { type: "diverging", scheme: "RdBu", domain: [-most, most], legend: true, label: kind.value },
      marks: [
        Plot.cell(pairs, { x: "one", y: "other", fill: "value", inset: 0.5, title: (pair) => `${pair.one} and ${pair.other}: ${pair.value}`, tip: true }),
        ...(cell > 34
          ? [Plot.text(pairs, { x: "one", y: "other", text: (pair) => pair.value.toFixed(2), fontSize: 10, fill: (pair) => (Math.abs(pair.value) > 0.6 * most ? "white" : "black") })]
          : []),
      ],
    });
    return { elements: [map, course(seen, own, own.steps[look], width)], rows: pairs.map(({ one, other, value }) => ({ language: one, other, value })) };
  });
  method = choice(controls, "Method", asOptions(seen.map((own) => own.method)), () => { slider.value = 1e9; again(); });
  kind = choice(controls, "Taken on", [["", ""]], () => { slider.value = 1e9; again(); });
  slider = make("input", { type: "range", min: 0, step: 1, id: "conflicts-slider" });
  said = make("output", { for: "conflicts-slider" });
  slider.addEventListener("input", again);
  controls.append(make("label", {}, "Step", slider, said));
  slider.max = d3.max(seen, (own) => own.steps.length);
  slider.value = slider.max;
  again();
}

/** The mean over pairs of each method over time; a line where the slider stands. */
function course(seen, own, step, width) {
  const like = seen.filter((one) => one.probe === own.probe && one.metric === own.metric);
  const points = like.flatMap((one) => one.steps.map((at, look) =>
    ({ method: one.method, step: at, value: d3.mean(one.values[look].filter((value) => value !== null)) })));
  const plot = Plot.plot({
    width,
    height: 220,
    marginLeft: 50,
    ariaLabel: "Mean cosine over all pairs, by step",
    x: { label: "step", grid: true },
    y: { label: "mean over pairs", grid: true, nice: true },
    marks: [
      Plot.ruleY([0], { stroke: "#5b6270" }),
      Plot.ruleX([step], { stroke: "#1a1c20", strokeDasharray: "4 3" }),
      Plot.line(points, { x: "step", y: "value", z: "method", stroke: (point) => colour(point.method), strokeWidth: 2 }),
      Plot.dot(points, { x: "step", y: "value", r: 3, fill: (point) => colour(point.method), title: (point) => `${point.method}, step ${point.step}: ${point.value?.toFixed(3)}`, tip: true }),
    ],
  });
  return make("div", {}, keys(like.map((one) => one.method)), plot);
}
