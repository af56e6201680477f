// Makes the pages quicker by keyboard; every page works whole without it.
"use strict";

(() => {
  const rows = [...document.querySelectorAll("[data-rows] tbody tr")];
  let here = -1;

  const go = (next) => {
    if (!rows.length) return;
    if (here >= 0) rows[here].classList.remove("here");
    here = Math.max(0, Math.min(rows.length - 1, next));
    rows[here].classList.add("here");
    const link = rows[here].querySelector("a");
    link.focus({ preventScroll: true });
    rows[here].scrollIntoView({ block: "nearest" });
  };

  const isTyping = (target) => target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const verdict = { a: "accept", c: "change", r: "reject" }[event.key];
    const choice = verdict && document.querySelector(`input[name=verdict][value=${verdict}]`);
    if (choice) {
      choice.checked = true;
      choice.focus();
      choice.dispatchEvent(new Event("change", { bubbles: true }));
      event.preventDefault();
    } else if (event.key === "j") {
      go(here + 1);
    } else if (event.key === "k") {
      go(here < 0 ? 0 : here - 1);
    } else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) {
        search.focus();
        event.preventDefault();
      }
    }
  });

  // Fields that belong to one verdict are hidden while another is chosen; without script they stay and say so.
  const owned = [...document.querySelectorAll("[data-for-verdict]")];
  const show = () => {
    const chosen = document.querySelector("input[name=verdict]:checked");
    for (const field of owned) {
      field.hidden = !chosen || !field.dataset.forVerdict.split(" ").includes(chosen.value);
    }
  };
  if (owned.length) {
    document.addEventListener("change", show);
    show();
  }

  // A form is sent once: a second press while the first is on its way would only be refused.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
