// Learning curves.

function startCurves() {
  const curves = numbers.curves;
  if (!curves.length) return;
  let what;
  let language;
  let method;
  const { controls, again } = figure("curves", (width) => {
    renew(language, asOptions(curves.filter((curve) => curve.what === what.value).map((curve) => curve.language)));
    const shown = curves.filter((curve) => curve.what === what.value && curve.language === language.value && ["", curve.method].includes(method.value));
    const points = shown.flatMap((curve, place) => curve.steps.map((step, look) =>
      ({ step, value: curve.values[look], method: curve.method, seed: curve.seed, place })));
    const line = (point) => `${point.method}${point.seed === null ? "" : `, seed ${point.seed}`}\nstep ${point.step}: ${point.value}`;
    const plot = Plot.plot({
      width,
      height: Math.min(420, Math.max(240, width * 0.5)),
      marginLeft: 50,
      ariaLabel: `${what.value}, ${language.value}`,
      x: { label: "step", grid: true },
      y: { label: what.value, grid: true, nice: true },
      marks: [
        Plot.line(points, { x: "step", y: "value", z: "place", stroke: (point) => colour(point.method), strokeWidth: 1.5, strokeOpacity: 0.8 }),
        Plot.dot(points.filter((point) => shown[point.place].steps.length < 12), { x: "step", y: "value", r: 2.5, fill: (point) => colour(point.method) }),
        Plot.tip(points, Plot.pointer({ x: "step", y: "value", title: line })),
      ],
    });
    const methods = numbers.methods.filter((method) => shown.some((curve) => curve.method === method));
    return { elements: [keys(methods), plot], rows: points.map(({ method, seed, step, value }) => ({ method, seed, step, value })) };
  });
  what = choice(controls, "Curve", asOptions(curves.map((curve) => curve.what)), again);
  language = choice(controls, "Language", [["", ""]], again);
  method = choice(controls, "Method", [["", "all methods"], ...asOptions(numbers.methods)], again);
  again();
}
