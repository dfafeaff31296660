// Cost against quality, and the methods that none other beats in both.

/** From points of a cost and a score the undominated ones, by rising cost. */
function paretoSet(points) {
  let best = -Infinity;
  return d3.sort(points, (point) => point.cost.mean, (point) => -point.score.mean).filter((point) => {
    const better = point.score.mean > best;
    best = Math.max(best, point.score.mean);
    return better;
  });
}

function startCosts() {
  const { costs, levels } = numbers;
  if (!costs.length || !levels.length) return;
  let measure;
  let level;
  const { controls, again } = figure("costs", (width) => {
    const scores = new Map(levels.filter((one) => one.line === level.value).map((one) => [one.method, one]));
    const points = costs.filter((one) => one.measure === measure.value && scores.has(one.method))
      .map((cost) => ({ method: cost.method, cost, score: scores.get(cost.method) }));
    const best = paretoSet(points);
    const line = (point) => `${point.method}\n${measure.value}: ${point.cost.mean} (${point.cost.low} to ${point.cost.high})\n${numbers.metric}: ${point.score.mean} (${point.score.low} to ${point.score.high})`;
    const x = (point) => point.cost.mean;
    const y = (point) => point.score.mean;
    const stroke = (point) => colour(point.method);
    const plot = Plot.plot({
      width,
      height: Math.min(440, Math.max(260, width * 0.55)),
      marginLeft: 50,
      marginRight: 20,
      ariaLabel: `${measure.value} against ${level.value}`,
      x: { label: measure.value, grid: true, nice: true },
      y: { label: `${numbers.metric}, ${level.value}, %`, grid: true, nice: true },
      marks: [
        Plot.line(best, { x, y, curve: "step-after", stroke: "#9aa1ad", strokeDasharray: "4 3" }),
        Plot.ruleX(points, { x, y1: (point) => point.score.low, y2: (point) => point.score.high, stroke }),
        Plot.ruleY(points, { y, x1: (point) => point.cost.low, x2: (point) => point.cost.high, stroke }),
        Plot.dot(points, { x, y, r: 6, fill: stroke, stroke: "white", title: line, tip: true }),
      ],
    });
    const rows = points.map((point) => ({ method: point.method, [measure.value]: point.cost.mean, score: point.score.mean, "not beaten": best.includes(point) ? "yes" : "" }));
    return { elements: [keys(points.map((point) => point.method)), plot], rows };
  });
  measure = choice(controls, "Cost", asOptions(costs.map((one) => one.measure)), again);
  const lines = [...new Set(levels.map((one) => one.line))];
  level = choice(controls, "Quality", asOptions(lines), again, lines.find((line) => line.includes("unseen")));
  again();
}
