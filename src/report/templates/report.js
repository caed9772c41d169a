// Records in place, search, sorting, a filter and hover values for a page that is complete without them.
"use strict";
(() => {
  const words = JSON.parse(document.body.dataset.words);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (name, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };

  // A number leads to its record: shown over the page; the link in it goes to the record's place in the list.
  const target = (hash) => document.getElementById(decodeURIComponent(hash.slice(1)));
  const open = () => {
    const found = location.hash.length > 1 ? target(location.hash) : null;
    if (!found) return;
    if (found.closest(".off")) choose("");
    for (let node = found; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    if (found.tagName === "DETAILS") found.scrollIntoView({ block: "center" });
  };
  const dialog = make("dialog");
  dialog.setAttribute("aria-labelledby", "record-title");
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("a")) dialog.close();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#r-']");
    if (!link || link.closest("dialog") || event.ctrlKey || event.metaKey || event.shiftKey || !dialog.showModal) return;
    const record = target(link.getAttribute("href"));
    if (!record) return;
    event.preventDefault();
    const group = record.parentElement.querySelector("summary").textContent.replace(/ \(\d+\)$/, "");
    const title = make("h2", { id: "record-title", textContent: `${group}: ${record.querySelector("summary").textContent}` });
    const close = make("button", { type: "button", textContent: words.close });
    close.addEventListener("click", () => dialog.close());
    const place = make("a", { href: link.getAttribute("href"), textContent: words.in_list });
    dialog.replaceChildren(title, record.querySelector("dl").cloneNode(true), make("p", {}, close, place));
    // The numbers that were clicked stand out among those of the record.
    const clicked = (link.dataset.f || "").split(" ");
    const marked = all("[data-f]", dialog).filter((number) => clicked.includes(number.dataset.f));
    for (const number of marked) number.replaceChildren(make("mark", {}, ...number.childNodes));
    dialog.showModal();
    dialog.scrollTop = 0;
    if (marked.length > 0) marked[0].scrollIntoView({ block: "nearest" });
  });

  // On a narrow screen a table begins at its estimates, interval and p-value: the label stays, the rest is scrolled to.
  for (const scroll of all(".scroll")) {
    const lead = scroll.querySelector("th[data-lead]");
    if (!lead || scroll.scrollWidth <= scroll.clientWidth + 1) continue;
    const [label] = all("th", scroll);
    scroll.scrollLeft += lead.getBoundingClientRect().left - label.getBoundingClientRect().right;
  }

  // What a cell says as a number, or null for words, dates and identifiers: minus as U+2212, "< 0.001", "12 (3.4)".
  const number = (text) => {
    const plain = text.replace(/\u2212/g, "-").replace(/[\u2007\u00a0]/g, " ").trim();
    const found = plain.match(/^[<>] ?(\d+(?:\.\d+)?)$|^(-?\d+(?:\.\d+)?)(?=$| ?[([~～〜%]| to )/);
    return found ? Number(found[1] ?? found[2]) : null;
  };
  const absent = (text) => ["", "\u2013"].includes(text.trim());
  const compare = (a, b) => {
    if (absent(a) || absent(b)) return absent(a) - absent(b);
    const [x, y] = [number(a), number(b)];
    if (x !== null && y !== null) return x - y;
    return a.localeCompare(b, document.documentElement.lang, { numeric: true });
  };

  for (const table of all(".table table")) {
    const rows = all("tbody tr:not(.group)", table);
    if (rows.length < 6) continue;
    rows.forEach((row, index) => { row.dataset.order = index; });
    const status = make("span", { className: "status" });
    status.setAttribute("role", "status");
    const field = make("input", { type: "search", placeholder: words.search });
    field.setAttribute("aria-label", words.search);
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      const has = (node) => node.textContent.replace(/\u2212/g, "-").toLowerCase().includes(wanted.replace(/\u2212/g, "-"));
      let shown = 0;
      for (const body of table.tBodies) {
        const head = body.querySelector("tr.group");
        const whole = head && has(head);
        let left = 0;
        for (const row of all("tr:not(.group)", body)) {
          const match = wanted === "" || whole || has(row);
          row.classList.toggle("unmatched", !match);
          if (match) left += 1;
        }
        if (head) head.classList.toggle("unmatched", left === 0);
        shown += left;
      }
      status.textContent = shown === 0 ? words.no_match : "";
    });
    table.closest(".table").prepend(make("div", { className: "tools" }, field, status));

    // First click up, second down, third as printed.
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (head.textContent.trim() === "") return;
      const button = make("button", { type: "button", title: words.sort, textContent: head.textContent.trim() });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const way = before === "ascending" ? "descending" : before === "descending" ? null : "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        if (way) head.setAttribute("aria-sort", way);
        const text = (row) => row.cells[column]?.textContent ?? "";
        const order = (a, b) => {
          if (!way) return a.dataset.order - b.dataset.order;
          const found = compare(text(a), text(b));
          return way === "descending" ? -found : found;
        };
        for (const body of table.tBodies) body.append(...all("tr:not(.group)", body).sort(order));
      });
    });
  }

  // One endpoint: its section, its rows in shared tables, its records. On paper everything stays.
  const sections = all("section[data-endpoint]");
  const select = make("select");
  const choose = (id) => {
    select.value = id;
    for (const node of all("[data-endpoint]")) node.classList.toggle("off", id !== "" && node.dataset.endpoint !== id);
    for (const table of all(".table")) {
      const rows = all("tbody tr:not(.group)", table);
      table.classList.toggle("off", id !== "" && rows.length > 0 && rows.every((row) => row.closest(".off") && row.closest(".off") !== table));
    }
    for (const section of sections) {
      const link = document.querySelector(`nav a[href="#${CSS.escape(section.id)}"]`);
      if (link) link.parentElement.classList.toggle("off", section.classList.contains("off"));
    }
  };
  if (sections.length > 1) {
    select.append(new Option(words.all, ""));
    for (const section of sections) select.append(new Option(section.querySelector("h2").textContent, section.id));
    select.addEventListener("change", () => choose(select.value));
    document.querySelector("nav").append(make("label", { className: "filter" }, words.filter, select));
  }

  // Values at the marks of figures, at once and also by touch.
  const tip = make("div", { className: "tip", hidden: true });
  document.body.append(tip);
  for (const mark of all(".drawing .hover > *")) {
    const title = mark.querySelector("title");
    if (!title) continue;
    mark.dataset.tip = title.textContent;
    title.remove();
    const show = () => {
      const box = mark.getBoundingClientRect();
      tip.textContent = mark.dataset.tip;
      tip.hidden = false;
      const left = Math.max(8, Math.min(box.left + box.width / 2 - tip.offsetWidth / 2, document.documentElement.clientWidth - tip.offsetWidth - 8));
      const above = box.top - tip.offsetHeight - 6;
      tip.style.left = `${left + scrollX}px`;
      tip.style.top = `${(above > 4 ? above : box.bottom + 6) + scrollY}px`;
    };
    mark.addEventListener("pointerenter", show);
    mark.addEventListener("click", show);
    mark.addEventListener("pointerleave", () => { tip.hidden = true; });
  }

  // What scrolls sideways can be reached by keyboard; what does not is no stop.
  const sideways = () => {
    for (const box of all(".scroll, .drawing")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", sideways);
  sideways();

  // Where the reader is, in the contents.
  const links = new Map(all("nav a").map((link) => [link.getAttribute("href").slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((entry) => entry.isIntersecting)) {
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const section of all("main > section")) seen.observe(section);

  addEventListener("hashchange", open);
  open();
})();
