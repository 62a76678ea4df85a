// Small comforts; everything works without them.
(function () {
  "use strict";

  // hx-swap="morph": new content goes into the old, so that focus, what a person types, opened
  // details and the place in a log stay. The extension that comes with idiomorph would evaluate
  // its options as code, which the Content-Security-Policy forbids.
  const kept = {
    beforeAttributeUpdated: function (name, node) {
      const isOwn = name === "open" && node.matches("details");
      return !(isOwn || name === "data-held");
    },
  };
  if (window.htmx && window.Idiomorph) {
    htmx.defineExtension("morph", {
      isInlineSwap: function () { return false; },
      handleSwap: function (style, target, fragment) {
        if (!style.startsWith("morph")) return false;
        return Idiomorph.morph(target, Array.from(fragment.childNodes), {
          morphStyle: "innerHTML",
          ignoreActiveValue: true,
          callbacks: kept,
        });
      },
    });
  }

  // A live part that gets no answer says so, and says when it is back.
  const silence = document.querySelector("[data-silence]");
  function hush(event) { if (silence) silence.hidden = event.type === "htmx:afterRequest"; }
  document.addEventListener("htmx:sendError", hush);
  document.addEventListener("htmx:timeout", hush);
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.xhr && event.detail.xhr.status) hush(event);
  });

  // A live part that is gone, or not for this person any more, says that.
  const gone = document.querySelector("[data-gone]");
  document.addEventListener("htmx:afterRequest", function (event) {
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (gone && status) gone.hidden = status !== 403 && status !== 404;
  });

  // Copy buttons: <button data-copy="text">.
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const label = button.getAttribute("aria-label");
    navigator.clipboard.writeText(button.dataset.copy).then(function () {
      button.setAttribute("aria-label", "Copied");
      button.classList.add("copied");
      setTimeout(function () {
        button.setAttribute("aria-label", label);
        button.classList.remove("copied");
      }, 1500);
    });
  });

  // A menu closes with Escape and with a click beside it.
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  }
  document.addEventListener("click", function (event) {
    closeMenus(event.target.closest("details.menu"));
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details.menu[open]");
    closeMenus(null);
    if (menu) menu.querySelector("summary").focus();
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
    if (value < 5) return "just now";
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
  let changed = document.querySelector('form[data-guard="unsaved"]') !== null;
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
  // What a page does not need any more of a log that grows and grows.
  const KEPT = 2000000;
  function shorten() {
    for (const log of document.querySelectorAll(".log[data-follow]")) {
      const parts = log.getElementsByClassName("log-part");
      while (parts.length > 1 && log.textContent.length > KEPT) parts[0].remove();
    }
  }
  document.addEventListener("htmx:afterSettle", shorten);
  document.addEventListener("htmx:afterSettle", follow);
  follow();
})();
