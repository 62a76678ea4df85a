// Runs before the page is painted: the theme that the person chose, else that of the system.
(function () {
  "use strict";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    const chosen = localStorage.getItem("theme");
    const theme = chosen || (system.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
  }
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-toggle-theme]")) return;
    const now = document.documentElement.getAttribute("data-bs-theme");
    localStorage.setItem("theme", now === "dark" ? "light" : "dark");
    apply();
  });
})();
