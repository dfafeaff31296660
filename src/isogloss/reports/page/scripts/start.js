// Starts every part of the page that there are numbers for.

for (const start of [startTable, startGaps, startCosts, startCurves, startConflicts, startTimeline, startLikeness, startBesideSource, startSentences]) {
  // What goes wrong in one part leaves the others as they are.
  try {
    start();
  } catch (error) {
    console.error(error);
  }
}
for (const item of document.querySelectorAll("nav li")) {
  item.classList.toggle("absent", document.getElementById(item.dataset.for).hidden);
}
