// Small comforts; everything works without them.
(function () {
  "use strict";

  // Copy buttons: <button data-copy="text">.
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    navigator.clipboard.writeText(button.dataset.copy).then(function () {
      button.setAttribute("aria-label", "Copied");
      setTimeout(function () { button.setAttribute("aria-label", "Copy"); }, 1500);
    });
  });

  // "/" goes to the search field.
  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); }
  });

  // "4 min ago", from <time datetime>.
  const units = [[60, "s"], [60, "min"], [24, "h"], [Infinity, "d"]];
  function ago(seconds) {
    let value = Math.max(0, Math.round(seconds));
    for (const [size, name] of units) {
      if (value < size) return value + " " + name + " ago";
      value = Math.floor(value / size);
    }
    return "";
  }
  function tell() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      time.textContent = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
    }
  }
  tell();
  setInterval(tell, 15000);
  document.addEventListener("htmx:afterSwap", tell);

  // A form that was changed asks before it is left.
  let changed = false;
  document.addEventListener("input", function (event) {
    if (event.target.closest("form[data-guard]")) changed = true;
  });
  document.addEventListener("submit", function () { changed = false; });
  window.addEventListener("beforeunload", function (event) {
    if (changed) event.preventDefault();
  });

  // Logs follow their end, unless the person scrolled up.
  function follow() {
    for (const log of document.querySelectorAll(".log[data-follow]")) {
      if (log.dataset.held !== "yes") log.scrollTop = log.scrollHeight;
    }
  }
  document.addEventListener("scroll", function (event) {
    const log = event.target;
    if (!(log instanceof Element) || !log.matches(".log[data-follow]")) return;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
    log.dataset.held = atEnd ? "no" : "yes";
  }, true);
  document.addEventListener("htmx:afterSettle", follow);
  follow();
})();
