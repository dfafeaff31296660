// Starts every part of the page that there are numbers for.

startTable();
startGaps();
startCosts();
startCurves();
startConflicts();
startTimeline();
startLikeness();
startSentences();
for (const item of document.querySelectorAll("nav li")) {
  item.classList.toggle("absent", document.getElementById(item.dataset.for).hidden);
}
