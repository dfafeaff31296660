// Single predictions: which sentences are shown.

const [CELL, ID, TEXT, GOLD, SAID, SURE, RIGHT] = d3.range(7);

/** By what is asked of methods A and B, whether a sentence is shown. */
const OUTCOMES = [
  ["any", "any", () => true],
  ["a-wrong", "A wrong", (a) => a === "0"],
  ["a-right", "A right", (a) => a === "1"],
  ["a-only", "A right and B wrong", (a, b) => a === "1" && b === "0"],
  ["b-only", "A wrong and B right", (a, b) => a === "0" && b === "1"],
  ["both-wrong", "both wrong", (a, b) => a === "0" && b === "0"],
];

/** Whether the gold label and what A predicted are the ones asked for; of tags in one and the same place. */
function hasLabels(row, a, gold, predicted) {
  if (gold === null && predicted === null) return true;
  const said = row[SAID][a];
  if (said === null) return false;
  if (!Array.isArray(row[GOLD])) return (gold === null || row[GOLD] === gold) && (predicted === null || said === predicted);
  const found = taggedBy(row, a);
  return row[GOLD].some((label, place) => (gold === null || label === gold) && (predicted === null || found[place] === predicted));
}

/** The tags that a method predicted: the gold ones but where they differ. */
function taggedBy(row, method) {
  const found = [...(row[GOLD] ?? [])];
  const wrong = row[SAID][method] ?? [];
  for (let place = 0; place < wrong.length; place += 2) found[wrong[place]] = wrong[place + 1];
  return found;
}

/** Whether a sentence holds what was typed. */
const holds = (row, words) => !words || [row[ID], ...[row[TEXT] ?? ""].flat()].join(" ").toLowerCase().includes(words);
