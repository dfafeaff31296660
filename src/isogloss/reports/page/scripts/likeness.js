// How alike languages are represented, layer by layer.

function startLikeness() {
  const seen = numbers.likeness;
  if (!seen.length) return;
  const MEAN = "mean of all pairs";
  let metric;
  let pair;
  let slider;
  let said;
  const { controls, again } = figure("likeness", (width) => {
    const pairs = new Set(seen.filter((own) => own.metric === metric.value).map((own) => own.pair));
    renew(pair, asOptions([...pairs].sort((one, other) => (other === MEAN) - (one === MEAN) || one.localeCompare(other))));
    const steps = [...new Set(seen.filter((own) => own.pair === pair.value && own.metric === metric.value).map((own) => own.step))].sort(d3.ascending);
    slider.max = steps.length - 1;
    slider.closest("label").hidden = steps.length < 2;
    const step = steps[Math.min(Number(slider.value), steps.length - 1)];
    said.textContent = `step ${step.toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", said.textContent);
    const shown = seen.filter((own) => own.metric === metric.value && own.pair === pair.value && own.step === step);
    const points = shown.flatMap((own) => own.values.map((value, layer) => ({ method: own.method, layer, value }))).filter((point) => point.value !== null);
    const plot = Plot.plot({
      width,
      height: Math.min(400, Math.max(240, width * 0.5)),
      marginLeft: 50,
      ariaLabel: `${metric.value} by layer, ${pair.value}, ${said.textContent}`,
      x: { label: "layer", ticks: d3.range(d3.max(points, (point) => point.layer) + 1), tickFormat: "d" },
      y: { label: metric.value, domain: [0, 1], grid: true },
      marks: [
        Plot.line(points, { x: "layer", y: "value", z: "method", stroke: (point) => colour(point.method), strokeWidth: 2 }),
        Plot.dot(points, { x: "layer", y: "value", r: 3, fill: (point) => colour(point.method), title: (point) => `${point.method}, layer ${point.layer}: ${point.value}`, tip: true }),
      ],
    });
    return { elements: [keys(shown.map((own) => own.method)), plot], rows: points };
  });
  metric = choice(controls, "Measure", asOptions(seen.map((own) => own.metric)), again);
  pair = choice(controls, "Languages", [["", ""]], again);
  slider = make("input", { type: "range", min: 0, step: 1, id: "likeness-slider" });
  said = make("output", { for: "likeness-slider" });
  slider.addEventListener("input", again);
  controls.append(make("label", {}, "Step", slider, said));
  slider.max = seen.length;
  slider.value = seen.length;
  again();
}
