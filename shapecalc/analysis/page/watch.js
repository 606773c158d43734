/* Load the page anew when the file has changed; the sizes stay in the address. */
(() => {
"use strict";
const watched = document.getElementById("watched");
const look = async () => {
  try {
    const answer = await fetch("version", { cache: "no-store" });
    const version = await answer.text();
    if (answer.ok && version !== watched.dataset.version) {
      location.reload();
      return;
    }
    watched.textContent = "";
  } catch {
    watched.textContent = "shapecalc watch has ended: this page is the last one.";
  }
  setTimeout(look, 400);
};
document.querySelector(".marked")?.scrollIntoView({ block: "center" });
look();
})();
