// The transfer gap by script and family.

function startGaps() {
  const gaps = numbers.gaps;
  if (!gaps.length) return;
  let by;
  const { controls, again } = figure("gaps", (width) => {
    const rows = gaps.filter((gap) => gap.by === by.value);
    const groups = d3.groupSort(rows, (own) => -d3.mean(own, (gap) => gap.mean), (gap) => gap.group);
    const methods = numbers.methods.filter((method) => rows.some((gap) => gap.method === method));
    const room = leftOf(groups, width);
    const line = (gap) => `${gap.method}: ${gap.mean.toFixed(1)} points (${gap.low.toFixed(1)} to ${gap.high.toFixed(1)}, n = ${gap.seeds})\n${gap.languages.join(", ")}`;
    // A lane for each method within the row of a group.
    const lane = (gap) => (methods.indexOf(gap.method) + 0.5 - methods.length / 2) / Math.max(methods.length, 3);
    const place = (gap) => groups.indexOf(gap.group) + 0.8 * lane(gap);
    const height = Math.max(34, 9 * methods.length + 10);
    const plot = Plot.plot({
      width,
      height: 60 + groups.length * height,
      marginLeft: room,
      ariaLabel: "Transfer gap by group and method",
      x: { label: "gap, points", grid: true, nice: true },
      y: {
        label: null, reverse: true, domain: [-0.5, groups.length - 0.5], ticks: d3.range(groups.length), tickSize: 0,
        tickFormat: (place) => (Number.isInteger(place) ? cut(groups[place], room) : ""),
      },
      marks: [
        Plot.ruleY(d3.range(1, groups.length).map((place) => place - 0.5), { stroke: "#d9dce3" }),
        Plot.ruleX([0], { stroke: "#5b6270" }),
        Plot.ruleY(rows, { y: place, x1: "low", x2: "high", stroke: (gap) => colour(gap.method), strokeWidth: 2 }),
        Plot.dot(rows, { y: place, x: "mean", r: 4.5, fill: (gap) => colour(gap.method), title: line, tip: true }),
      ],
    });
    const table = rows.map(({ group, method, mean, low, high, seeds, languages }) =>
      ({ group, method, gap: mean, smallest: low, largest: high, seeds, languages: languages.join(", ") }));
    return { elements: [keys(methods), plot], rows: table };
  });
  by = choice(controls, "Languages by", asOptions(gaps.map((gap) => gap.by)), again);
  again();
}
