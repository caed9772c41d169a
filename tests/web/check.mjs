// Looks at a report.html in a headless browser and says what is wrong: node check.mjs PAGE [FOLDER FOR PICTURES]
// Needs `npm install` in this folder and a Chromium (CHROMIUM, else /usr/bin/chromium). Exit code 1 where something fails.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const [file, pictures] = process.argv.slice(2);
const address = pathToFileURL(resolve(file)).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const failures = [];
const check = (holds, what) => { if (!holds) failures.push(what); };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});

// A page that reports what a reader must not see.
const open = async (width, options = {}) => {
  const context = await browser.newContext({ viewport: { width, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("console", (message) => check(!["error", "warning"].includes(message.type()), `console at ${width}: ${message.text()}`));
  page.on("pageerror", (error) => failures.push(`script error at ${width}: ${error.message}`));
  page.on("request", (request) => {
    const own = request.url() === address || request.url().startsWith("data:") || request.url().startsWith("blob:");
    check(own, `network request: ${request.url().slice(0, 100)}`);
  });
  await page.goto(address);
  return page;
};

// Nothing wider than the screen, fonts from the page, decimal points on one line; pictures to look at.
for (const width of [390, 900, 1400]) {
  const page = await open(width);
  await page.evaluate(() => document.fonts.ready);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(wide <= 0, `the page is ${wide} px wider than a screen of ${width}`);
  const loaded = await page.evaluate(() => [...document.fonts].some((font) => font.status === "loaded"));
  check(loaded, "the embedded font is not used");
  const crooked = await page.evaluate(() => {
    const found = [];
    for (const table of document.querySelectorAll(".table table")) {
      const columns = table.tHead.rows[0].cells.length;
      for (let column = 1; column < columns; column += 1) {
        const places = [];
        for (const row of table.querySelectorAll("tbody tr:not(.group)")) {
          const cell = row.cells[column];
          const node = cell && document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode();
          const point = node?.data.match(/^[<>\u00a0 ]*[\u2212-]?\d+(?=$|[ .\u00a0])/);
          if (!point || cell.classList.contains("left")) continue;
          const range = document.createRange();
          range.setStart(node, point[0].length - 1);
          range.setEnd(node, point[0].length);
          places.push(range.getBoundingClientRect().right);
        }
        const spread = places.length ? Math.max(...places) - Math.min(...places) : 0;
        if (spread > 1) found.push(`${table.closest(".table").id} column ${column}: ${spread.toFixed(1)} px`);
      }
    }
    return found;
  });
  check(crooked.length === 0, `decimal points apart at ${width}: ${crooked.slice(0, 5).join("; ")} (${crooked.length})`);
  const clipped = await page.evaluate(() => {
    const cut = (node) => node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX === "hidden";
    return [...document.querySelectorAll("main *")].filter(cut).map((node) => node.outerHTML.slice(0, 80));
  });
  check(clipped.length === 0, `text cut off at ${width}: ${clipped[0]}`);
  if (pictures) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: 2000 });
    for (let part = 0; part * 1990 < height; part += 1) {
      await page.evaluate((top) => scrollTo({ top, behavior: "instant" }), part * 1990);
      await page.screenshot({ path: `${pictures}/page-${width}-${String(part).padStart(2, "0")}.png` });
    }
  }
  await page.context().close();
}

// Accessible to a screen reader, with records of every group open (all come from one template) and with one shown over the page. (The policy of the page keeps
// axe out, so this context alone goes around it.)
const accessible = async (page, state) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const found of violations) {
    failures.push(`axe (${state}): ${found.id}: ${found.help}: ${found.nodes.length} × ${found.nodes[0].html.slice(0, 160)}`);
  }
};
for (const width of [390, 1400]) {
  const page = await open(width, { bypassCSP: true });
  await accessible(page, `${width} px`);
  // What opens does not depend on the width.
  if (width < 1000) { await page.context().close(); continue; }
  await page.evaluate(() => {
    document.querySelectorAll("details:not(.record)").forEach((one) => { one.open = true; });
    document.querySelectorAll("details.records").forEach((group) => {
      [...group.querySelectorAll("details.record")].slice(0, 3).forEach((one) => { one.open = true; });
    });
  });
  await accessible(page, `${width} px, records open`);
  await page.locator("main a[href^='#r-']").first().click();
  await accessible(page, `${width} px, one record shown`);
  await page.context().close();
}

// Without JavaScript all is there to read, and a number still leads to its record.
{
  const page = await open(1000, { javaScriptEnabled: false });
  const links = await page.locator("a[href^='#r-']").count();
  check(links > 0, "no number links to a record");
  for (const selector of ["main > section > h2", "table", "figure svg", "nav ol a", "details.exhibits > summary", "details.records > summary"]) {
    const [found, seen] = [page.locator(selector), page.locator(`${selector} >> visible=true`)];
    check((await found.count()) > 0 && (await found.count()) === (await seen.count()), `without JavaScript: ${selector} hidden`);
  }
  await page.context().close();
}

// Contents, records, search, sorting, filter, hover values.
{
  const page = await open(1400);
  await page.locator("nav a").nth(2).click();
  const section = (await page.locator("nav a").nth(2).getAttribute("href")).slice(1);
  check(page.url().endsWith(`#${section}`), "the contents do not lead to their section");

  const dialog = page.locator("dialog");
  const number = page.locator("td a[href^='#r-']").first();
  const record = await number.getAttribute("href");
  await number.click();
  check(await dialog.evaluate((node) => node.open), "a number does not show its record");
  check((await dialog.locator("dt").count()) >= 4, "the record shown says too little");
  await page.keyboard.press("Escape");
  check(!(await dialog.evaluate((node) => node.open)), "Escape does not close the record");
  check(await number.evaluate((node) => node === document.activeElement), "the focus does not return to the number");
  await number.click();
  await dialog.locator("a").click();
  const inList = page.locator(`[id="${record.slice(1)}"]`);
  check(await inList.evaluate((node) => node.open && node.parentElement.open), "the record is not opened in the list");

  const tables = page.locator(".table:has(.tools):has(tr.group)");
  const table = tables.first();
  const rows = table.locator("tbody tr:not(.group)");
  const word = (await rows.last().locator("th").textContent()).trim();
  await table.locator("input").fill(word);
  const shown = await rows.evaluateAll((all) => all.filter((row) => row.checkVisibility()).map((row) => row.closest("tbody").textContent));
  check(shown.length > 0 && shown.length < (await rows.count()), "the search does not narrow the table");
  // The search does not mind the case of letters.
  check(shown.every((text) => text.toLowerCase().includes(word.toLowerCase())), "the search shows a row without the word");
  await table.locator("input").fill("no such row anywhere");
  check((await table.locator("[role=status]").textContent()).length > 0, "the search does not say that nothing matches");
  await table.locator("input").fill("");
  check((await rows.evaluateAll((all) => all.every((row) => row.checkVisibility()))), "an empty search does not show all rows");

  const flat = page.locator(".table:has(.tools)").filter({ has: page.locator("tbody:only-of-type") }).last();
  for (const sorted of [flat, table]) {
    const texts = () => sorted.locator("tbody").first().locator("tr:not(.group)").evaluateAll((all) => all.map((row) => row.cells[1].textContent));
    const before = await texts();
    const button = sorted.locator("thead button").nth(1);
    const head = sorted.locator("thead th").nth(1);
    await button.click();
    check((await head.getAttribute("aria-sort")) === "ascending", "the first click does not sort upwards");
    const value = (text) => Number.parseFloat(text.replace("\u2212", "-"));
    const up = (await texts()).map(value).filter((one) => !Number.isNaN(one));
    check(up.every((one, at) => at === 0 || up[at - 1] <= one), `not in ascending order: ${up}`);
    await button.click();
    check((await head.getAttribute("aria-sort")) === "descending", "the second click does not sort downwards");
    await button.click();
    check(JSON.stringify(await texts()) === JSON.stringify(before), "the third click does not restore the order");
  }

  const select = page.locator("nav select");
  const sections = page.locator("section[data-endpoint]");
  if ((await sections.count()) > 1) {
    const chosen = await sections.nth(1).getAttribute("id");
    await select.selectOption(chosen);
    const left = await sections.evaluateAll((all) => all.filter((one) => one.checkVisibility()).map((one) => one.id));
    check(left.length === 1 && left[0] === chosen, `the filter shows ${left}`);
    const groups = await page.locator("tbody[data-endpoint], details.records[data-endpoint]").evaluateAll((all) =>
      all.filter((one) => one.checkVisibility()).map((one) => one.dataset.endpoint));
    check(groups.length > 0 && groups.every((one) => one === chosen), "the filter leaves rows of other endpoints in shared tables");
    await page.emulateMedia({ media: "print" });
    check((await sections.evaluateAll((all) => all.every((one) => one.checkVisibility()))), "the filter loses sections on paper");
    await page.emulateMedia({ media: "screen" });
    await select.selectOption("");
    check((await sections.evaluateAll((all) => all.every((one) => one.checkVisibility()))), "the filter does not end");
  }

  const mark = page.locator(".drawing .hover > *").first();
  await mark.scrollIntoViewIfNeeded();
  await mark.hover({ force: true });
  const tip = page.locator(".tip");
  check((await tip.isVisible()) && /\d/.test(await tip.textContent()), "a mark of a figure shows no value");
  if (pictures) await page.screenshot({ path: `${pictures}/hover.png` });
  await page.mouse.move(2, 2);
  check(!(await tip.isVisible()), "the value stays when the pointer leaves");
  await page.context().close();
}

// On paper: all sections, and a picture of it.
{
  const page = await open(900);
  const pdf = await page.pdf({ preferCSSPageSize: true, path: pictures ? `${pictures}/print.pdf` : undefined });
  check(pdf.length > 20_000, "the page does not print");
  await page.context().close();
}

await browser.close();
for (const failure of failures) console.log(failure);
console.log(failures.length === 0 ? `${file}: nothing wrong` : `${file}: ${failures.length} wrong`);
process.exitCode = failures.length === 0 ? 0 : 1;
