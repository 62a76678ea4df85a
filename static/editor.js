// Puts an editor over each <textarea data-editor>. The textarea stays what the form sends: without
// scripts it is the editor itself.
(function () {
  "use strict";
  if (!window.ace) return;
  ace.config.set("useStrictCSP", true);

  const theme = { cssClass: "ace-rc", cssText: "", isDark: false, $id: "releaseclone" };

  // Problems that name a line of this text: <a data-line="3" href="#id of the textarea">.
  function problemsOf(area) {
    const links = document.querySelectorAll('.problem a[data-line][href="#' + area.id + '"]');
    return Array.from(links, function (link) {
      const problem = link.closest(".problem");
      return {
        row: Number(link.dataset.line) - 1,
        column: Math.max(0, Number(link.dataset.column || 1) - 1),
        text: problem.querySelector("[data-message]").textContent,
        type: problem.classList.contains("problem-error") ? "error" : "warning",
        link: link,
      };
    });
  }

  function edit(area) {
    const place = document.createElement("div");
    place.className = "editor";
    area.after(place);
    area.classList.add("d-none");
    const editor = ace.edit(place);
    editor.session.setUseWorker(false);
    editor.session.setMode("ace/mode/yaml");
    editor.setTheme(theme);
    editor.setOptions({
      value: area.value,
      readOnly: area.readOnly || area.disabled,
      enableKeyboardAccessibility: true,
      textInputAriaLabel: area.getAttribute("aria-label") || area.dataset.editor,
      tabSize: 2,
      useSoftTabs: true,
      fontSize: "0.8125rem",
      minLines: Number(area.rows) || 12,
      maxLines: 42,
      showPrintMargin: false,
      highlightActiveLine: false,
      scrollPastEnd: 0,
    });
    editor.renderer.setPadding(8);
    editor.session.getUndoManager().reset();
    editor.session.on("change", function () {
      area.value = editor.getValue();
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });

    const problems = problemsOf(area);
    editor.session.setAnnotations(problems);
    for (const problem of problems) {
      problem.link.addEventListener("click", function (event) {
        event.preventDefault();
        editor.gotoLine(problem.row + 1, problem.column, true);
        editor.focus();
      });
    }
  }

  document.querySelectorAll("textarea[data-editor]").forEach(edit);
})();
