"use strict";
document.documentElement.classList.add("live");
for (const toolbar of document.querySelectorAll(".toolbar")) {
  const rows = [...toolbar.parentElement.querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const search = toolbar.querySelector("input");
  const chips = [...toolbar.querySelectorAll("button")];
  const count = toolbar.querySelector("output");
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.action));
    let shown = 0;
    rows.forEach((row, number) => {
      const fits = words.every((word) => texts[number].includes(word)) && (!only.size || only.has(row.dataset.action));
      row.hidden = !fits;
      shown += fits;
    });
    const all = `${rows.length.toLocaleString("en")} change${rows.length === 1 ? "" : "s"}`;
    count.textContent = shown === rows.length ? all : `${shown.toLocaleString("en")} of ${all}`;
  };
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 80);
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
      show();
    });
  }
  // A link may carry what to look for: report.html#find=jane
  const found = new URLSearchParams(location.hash.slice(1)).get("find");
  if (found) {
    search.value = found;
    show();
  }
}
