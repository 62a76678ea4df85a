// A terminal in an instance: xterm here, a websocket at the page's own address, a shell behind it.
(function () {
  "use strict";
  const place = document.querySelector("[data-terminal]");
  if (!place || !window.Terminal) return;

  // xterm writes rules into <style> elements and colours into style attributes, which the
  // Content-Security-Policy of these pages forbids. Sheets and properties made by a script are
  // allowed: on this page such elements are given them instead.
  const create = document.createElement;
  function setAttribute(name, value) {
    if (name === "style") this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  }
  function withSheet(element) {  // not shown, and never holding anything
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    Object.defineProperty(element, "textContent", {
      set: function (rules) { sheet.replaceSync(rules); },
    });
    element.remove = function () {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
      Element.prototype.remove.call(this);
    };
    return element;
  }
  document.createElement = function (name, options) {
    if (name === "style") return withSheet(create.call(document, "template"));
    const element = create.call(document, name, options);
    if (name === "span") element.setAttribute = setAttribute;
    return element;
  };

  const dark = {
    background: "#10151c", foreground: "#d7dee8", cursor: "#d7dee8", cursorAccent: "#10151c",
    selectionBackground: "#34506f",
  };
  const light = {
    background: "#ffffff", foreground: "#1b2430", cursor: "#1b2430", cursorAccent: "#ffffff",
    selectionBackground: "#b9d4f5", white: "#6b7280", brightWhite: "#4b5563",
  };
  function theme() {
    return document.documentElement.getAttribute("data-bs-theme") === "dark" ? dark : light;
  }

  const heard = document.querySelector("[data-terminal-heard]");
  heard.checked = localStorage.getItem("terminal-heard") === "yes";
  const terminal = new window.Terminal({
    cursorBlink: false,
    fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
    fontSize: 13,
    minimumContrastRatio: 4.5,
    screenReaderMode: heard.checked,
    scrollback: 5000,
    theme: theme(),
  });
  const fit = new window.FitAddon.FitAddon();
  terminal.loadAddon(fit);
  terminal.open(place);
  fit.fit();
  new ResizeObserver(function () { fit.fit(); }).observe(place);
  new MutationObserver(function () { terminal.options.theme = theme(); }).observe(
    document.documentElement, { attributeFilter: ["data-bs-theme"] }
  );
  heard.addEventListener("change", function () {
    localStorage.setItem("terminal-heard", heard.checked ? "yes" : "no");
    terminal.options.screenReaderMode = heard.checked;
  });

  const again = document.querySelector("[data-terminal-again]");
  terminal.attachCustomKeyEventHandler(function (event) {
    if (!event.ctrlKey || !event.shiftKey) return true;
    if (event.key === "ArrowDown") {
      if (event.type === "keydown") (again.disabled ? heard : again).focus();
    } else if (event.code === "KeyC" && terminal.hasSelection()) {
      if (event.type === "keydown") document.execCommand("copy");
    } else {
      return true;
    }
    event.preventDefault();
    return false;
  });

  const state = document.querySelector("[data-terminal-state]");
  const PIECE = 16 * 1024;
  let socket = null;

  function send(bytes) {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    for (let at = 0; at < bytes.length; at += PIECE) socket.send(bytes.subarray(at, at + PIECE));
  }
  function tell(note) {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(note));
  }
  const encoder = new TextEncoder();
  terminal.onData(function (text) { send(encoder.encode(text)); });
  terminal.onBinary(function (text) {
    send(Uint8Array.from(text, function (one) { return one.charCodeAt(0); }));
  });
  terminal.onResize(function (size) { tell({ rows: size.rows, columns: size.cols }); });

  function ended(sentence) {
    socket = null;
    state.textContent = sentence;
    terminal.options.disableStdin = true;
    again.disabled = false;
  }

  function open() {
    const asked = new URLSearchParams({
      shell: place.dataset.shell, rows: terminal.rows, columns: terminal.cols,
    });
    const address = new URL(place.dataset.terminal + "?" + asked, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const own = new WebSocket(address);
    own.binaryType = "arraybuffer";
    let sentence = "";
    let isOpen = false;
    state.textContent = "Connecting";
    again.disabled = true;
    own.onopen = function () {
      socket = own;
      isOpen = true;
      state.textContent = "Connected";
      terminal.options.disableStdin = false;
      terminal.focus();
    };
    own.onmessage = function (event) {
      if (typeof event.data === "string") {
        const end = JSON.parse(event.data);
        sentence = end.why || "The shell ended with " + end.code + ".";
        return;
      }
      const bytes = new Uint8Array(event.data);
      terminal.write(bytes, function () { tell({ seen: bytes.length }); });
    };
    own.onclose = function () {
      const cut = isOpen
        ? "The connection was lost, and the shell has ended with it."
        : "No connection: you may be signed out, or a proxy does not let websockets through.";
      ended(sentence || cut);
    };
  }

  again.addEventListener("click", function () {
    terminal.reset();
    open();
  });
  open();
})();
