// Search, sorting and a filter for a page that is complete without them.
"use strict";
(() => {
  const words = document.body.dataset;

  // Opens a record that a number links to, with the group around it.
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    if (target && target.tagName === "DETAILS") target.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", open);
  if (location.hash) open();

  // The number a cell shows, or null: minus as U+2212, "< 0.001", "12 (3.4)".
  const number = (text) => {
    const found = text.replace(/\u2212/g, "-").match(/-?\d+(\.\d+)?/);
    return found ? Number(found[0]) : null;
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (x !== null && y !== null) return x - y;
    if (x !== null || y !== null) return x !== null ? -1 : 1;
    return a.localeCompare(b, document.documentElement.lang);
  };

  for (const table of document.querySelectorAll(".table table")) {
    const rows = [...table.querySelectorAll("tbody tr:not(.group)")];
    if (rows.length < 6) continue;
    const status = document.createElement("span");
    status.className = "status";
    status.setAttribute("role", "status");
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = words.search;
    field.setAttribute("aria-label", words.search);
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      let shown = 0;
      for (const body of table.tBodies) {
        const head = body.querySelector("tr.group");
        const whole = head && head.textContent.toLowerCase().includes(wanted);
        let left = 0;
        for (const row of body.querySelectorAll("tr:not(.group)")) {
          row.hidden = wanted !== "" && !whole && !row.textContent.toLowerCase().includes(wanted);
          if (!row.hidden) left += 1;
        }
        if (head) head.hidden = left === 0;
        shown += left;
      }
      status.textContent = shown === 0 ? words.none : "";
    });
    const tools = document.createElement("div");
    tools.className = "tools";
    tools.append(field, status);
    table.closest(".table").prepend(tools);

    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (head.textContent.trim() === "") return;
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", `${words.sort}: ${head.textContent.trim()}`);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        for (const body of table.tBodies) {
          const sorted = [...body.querySelectorAll("tr:not(.group)")].sort((a, b) => {
            const order = compare(a.cells[column]?.textContent ?? "", b.cells[column]?.textContent ?? "");
            return down ? -order : order;
          });
          body.append(...sorted);
        }
      });
    });
  }

  const sections = [...document.querySelectorAll("section[data-endpoint]")];
  if (sections.length > 1) {
    const label = document.createElement("label");
    label.className = "filter";
    const choice = document.createElement("select");
    choice.append(new Option(words.all, ""));
    for (const section of sections) choice.append(new Option(section.dataset.endpoint, section.id));
    choice.addEventListener("change", () => {
      for (const section of sections) {
        const off = choice.value !== "" && section.id !== choice.value;
        section.hidden = off;
        const link = document.querySelector(`nav a[href="#${CSS.escape(section.id)}"]`);
        if (link) link.parentElement.hidden = off;
      }
    });
    label.append(words.filter + " ", choice);
    document.querySelector("nav").append(label);
  }
})();
