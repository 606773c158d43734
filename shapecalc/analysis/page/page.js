/* The page's own arithmetic: numbers from forms, tables from numbers, and what opens and folds.

   Whole numbers are BigInt throughout, so that nothing is rounded.  Every text is set as text:
   nothing here makes markup of one. */
(() => {
"use strict";

const page = JSON.parse(document.getElementById("data").textContent);
const MATH = "http://www.w3.org/1998/Math/MathML";
const NONE = "\u2013", TIMES = "\u00d7", MINUS = "\u2212", DOT = "\u22c5";
const WIDEST = 10n ** 15n, LARGEST = 1000000n;

// -- elements -------------------------------------------------------------------------------------

const el = (tag, attributes, ...children) => {
  const made = document.createElement(tag);
  for (const [name, text] of Object.entries(attributes || {})) made.setAttribute(name, text);
  made.append(...children);
  return made;
};
const math = (tag, ...children) => {
  const made = document.createElementNS(MATH, tag);
  made.append(...children);
  return made;
};

// -- numbers --------------------------------------------------------------------------------------

const floorDivided = (a, b) => {
  const quotient = a / b;
  return a % b !== 0n && (a < 0n) !== (b < 0n) ? quotient - 1n : quotient;
};
const least = (numbers) => numbers.reduce((a, b) => (b < a ? b : a));
const most = (numbers) => numbers.reduce((a, b) => (b > a ? b : a));
const divisor = (a, b) => (b ? divisor(b, a % b) : a < 0n ? -a : a);

/** Compute all forms, in their order, for values of the symbols. */
const computed = (forms, values) => {
  const out = [];
  const term = (product) => {
    let value = 1n;
    for (let at = 0; at < product.length; at += 2) {
      value *= out[product[at]] ** BigInt(product[at + 1]);
    }
    return value;
  };
  const sum = (form) => {
    let total = 0n;
    for (let at = 1; at < form.length; at += 2) total += BigInt(form[at]) * term(form[at + 1]);
    return total;
  };
  for (const form of forms) {
    if (!Array.isArray(form)) out.push(BigInt(form));
    else if (form[0] === "=") out.push(values[form[1]]);
    else if (form[0] === "+") out.push(sum(form));
    else if (form[0] === "/") out.push(floorDivided(out[form[1]], out[form[2]]));
    else out.push((form[0] === "min" ? least : most)(form.slice(1).map((at) => out[at])));
  }
  return out;
};

const separated = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");
const counted = (number) =>
  number < 0n ? `-${separated(String(-number))}` : separated(String(number));
/** Write a number among words: with separators where it is long. */
const among = (number) => (number >= 10000n ? counted(number) : String(number));

/** Choose the article where a text ends in one: a 7-wide window, an 8-wide one. */
const before = (text, number) =>
  text.replace(/\b([Aa])n? $/, /^(8|1[18](,|$))/.test(among(number)) ? "$1n " : "$1 ");

const HOLDS = {
  "at least": (a, b) => a >= b,
  "equal to": (a, b) => a === b,
  "divisible by": (a, b) => a % b === 0n,
  "joined with": (a, b) => a === b || a === 1n || b === 1n,
};

// -- formulas: numbers that remember how they were made -------------------------------------------

/** A fraction in lowest terms; whole numbers are over 1. */
const ratio = (over, under = 1n) => {
  const shared = divisor(over, under) || 1n;
  const sign = under < 0n ? -1n : 1n;
  return { over: (sign * over) / shared, under: (sign * under) / shared };
};
const plus = (a, b) => ratio(a.over * b.under + b.over * a.under, a.under * b.under);
const times = (a, b) => ratio(a.over * b.over, a.under * b.under);
const below = (a, b) => a.over * b.under < b.over * a.under;

const valueOf = (kind, parts, factors, constant) => {
  const values = parts.map((part) => part.value);
  const [first, second] = values;
  switch (kind) {
    case "sum":
      return values.reduce((total, value, at) => plus(total, times(ratio(factors[at]), value)),
        ratio(constant));
    case "product": return values.reduce(times);
    case "quotient": return ratio(first.over * second.under, first.under * second.over);
    case "floor": return ratio(floorDivided(first.over, first.under));
    case "ceil": return ratio(-floorDivided(-first.over, first.under));
    case "min": return values.reduce((a, b) => (below(b, a) ? b : a));
    case "max": return values.reduce((a, b) => (below(a, b) ? b : a));
    case "gcd": return ratio(divisor(first.over, second.over));
    default: // mod
      return ratio(first.over - second.over * floorDivided(first.over, second.over));
  }
};

const number = (value, name = "", given = false) =>
  ({ kind: "number", value, name, given, parts: [], factors: [], constant: 0n });
const made = (kind, parts, factors = [], constant = 0n) =>
  ({ kind, parts, factors, constant, name: "", given: false,
     value: valueOf(kind, parts, factors, constant) });

/** Read a formula; its numbers are those computed last. */
const formulaAt = (network, place) => {
  const [kind, ...rest] = network.data.formulas[place];
  if (kind === "#") return number(ratio(network.numbers[rest[0]]), rest[1], rest[2] === 1);
  if (kind === "%") return number(ratio(BigInt(rest[0]), BigInt(rest[1])), rest[2]);
  if (kind !== "sum") return made(kind, rest.map((part) => formulaAt(network, part)));
  const [constant, ...pairs] = rest;
  const parts = pairs.filter((_, at) => at % 2).map((part) => formulaAt(network, part));
  return made("sum", parts, pairs.filter((_, at) => at % 2 === 0).map(BigInt), BigInt(constant));
};

const settled = (part) =>
  part.kind === "floor" || part.kind === "ceil"
    ? part.parts[0].kind === "number" && part.parts[0].value.under === 1n
    : part.kind === "number";

/** Compute the innermost operations. */
const reduced = (formula) => {
  if (formula.kind === "number") return formula;
  if (formula.parts.every(settled)) return number(formula.value);
  const parts = formula.parts.map((part) => (settled(part) ? part : reduced(part)));
  return made(formula.kind, parts, formula.factors, formula.constant);
};

// -- formulas as MathML ---------------------------------------------------------------------------

const SUM = 1, PRODUCT = 2, ATOM = 3;
const fenced = (left, inside, right) => math("mrow", math("mo", left), inside, math("mo", right));
const bracketed = ([tree, binding], needed) =>
  binding >= needed ? tree : fenced("(", tree, ")");

const nameTree = (name) => {
  const letter = /^(\p{L})(\d*)$/u.exec(name);
  if (!letter) return math("mi", name);
  return letter[2] ? math("msub", math("mi", letter[1]), math("mn", letter[2])) : math("mi", name);
};
const signed = (tree, negative) =>
  negative ? [math("mrow", math("mo", MINUS), tree), SUM] : [tree, ATOM];
const numberTree = ({ value: { over, under }, given }) => {
  const size = over < 0n ? -over : over;
  if (under === 1n) {
    return signed(math("mn", given ? String(size) : counted(size)), over < 0n);
  }
  if (1000n % under === 0n) {
    const digits = String((size % under) * (1000n / under)).padStart(3, "0").replace(/0+$/, "");
    return signed(math("mn", `${counted(size / under)}.${digits}`), over < 0n);
  }
  const rest = math("mfrac", math("mn", String(size % under)), math("mn", String(under)));
  const whole = size / under;
  return signed(whole ? math("mrow", math("mn", counted(whole)), rest) : rest, over < 0n);
};

/** Return a formula as MathML, and how tightly it binds; in letters, or with their numbers. */
const tree = (formula, letters, sign) => {
  const part = (at, needed) => bracketed(tree(formula.parts[at], letters, sign), needed);
  const joined = (parts, between) =>
    math("mrow", ...parts.flatMap((one, at) => (at ? [math("mo", between), one] : [one])));
  const all = (needed) => formula.parts.map((_, at) => part(at, needed));
  const multiplied = sign === "*" ? DOT : TIMES;
  switch (formula.kind) {
    case "number":
      return letters && formula.name ? [nameTree(formula.name), ATOM] : numberTree(formula);
    case "sum": {
      const out = [];
      formula.parts.forEach((one, at) => {
        const factor = formula.factors[at], size = factor < 0n ? -factor : factor;
        if (out.length || factor < 0n) out.push(math("mo", factor < 0n ? MINUS : "+"));
        if (size === 1n) out.push(part(at, out.length ? PRODUCT : SUM));
        else {
          const inside = part(at, ATOM);
          const beside = sign === "*" && letters && /^\p{L}.?$/u.test(one.name);
          out.push(math("mn", String(size)), ...(beside ? [] : [math("mo", multiplied)]), inside);
        }
      });
      const { constant } = formula;
      if (constant) {
        out.push(math("mo", constant < 0n ? MINUS : "+"),
          math("mn", counted(constant < 0n ? -constant : constant)));
      }
      return [math("mrow", ...out), SUM];
    }
    case "product": return [joined(all(ATOM), multiplied), PRODUCT];
    case "mod": return [joined(all(ATOM), "mod"), PRODUCT];
    case "quotient": return [math("mfrac", part(0, SUM), part(1, SUM)), ATOM];
    case "floor": return [fenced("\u230a", part(0, SUM), "\u230b"), ATOM];
    case "ceil": return [fenced("\u2308", part(0, SUM), "\u2309"), ATOM];
    default:
      return [math("mrow", math("mi", formula.kind), fenced("(", joined(all(SUM), ","), ")")), ATOM];
  }
};
const written = (formula, letters, sign) => {
  const whole = math("math", tree(formula, letters, sign)[0]);
  whole.setAttribute("displaystyle", "true");
  return whole;
};

/** List the forms of a formula: the rule, the numbers in their places, the steps, the value. */
const stages = (formula, sign) => {
  const out = [written(formula, true, sign)];
  let now = formula, last = out[0].outerHTML;
  for (;;) {
    const shown = written(now, false, sign);
    if (shown.outerHTML !== last) out.push(shown);
    if (now.kind === "number") return out;
    last = shown.outerHTML;
    now = reduced(now);
  }
};
const leaves = (formula) =>
  formula.kind === "number" ? [formula] : formula.parts.flatMap(leaves);

const chain = (label, steps) => {
  const out = [el("span", { class: "label" }, label)];
  for (const step of steps) {
    const equals = el("span", { class: "equals" }, "=");
    out.push(el("span", { class: "pair" }, equals, el("span", { class: "step" }, step)));
  }
  return el("div", { class: "rule" }, ...out);
};

/** Set a closed form: 64*floor((H - 7)/4)^2 with real floors, powers and signs. */
const closed = (text) => {
  const out = el("code", { class: "closed" });
  const open = [];
  for (const token of text.match(/floor\(|\(|\)|\^\d+|[\p{L}_]\w*|[\d,]*\d|[^\p{L}\d]/gu) || []) {
    if (token === "floor(" || token === "(") {
      open.push(token);
      out.append(token === "(" ? "(" : "\u230a");
    } else if (token === ")") out.append(open.pop() === "(" ? ")" : "\u230b");
    else if (token[0] === "^") out.append(el("sup", {}, token.slice(1)));
    else if (/^[a-z]\d+$/.test(token)) out.append(token[0], el("sub", {}, token.slice(1)));
    else out.append(token === "*" ? DOT : token === "-" ? MINUS : token);
  }
  return out;
};

/** Name the column of a cell; the names of the layers have none. */
const keyOf = (cell) => ["", "does", ...page.columns.map(([key]) => key)][cell.cellIndex];
const opens = (cell) => cell.cellIndex > 1;

// -- a network ------------------------------------------------------------------------------------

class Network {
  constructor(data, index) {
    this.data = data;
    this.index = index;
    this.root = document.getElementById(`net${index}`);
    this.table = this.root.querySelector("table.layers");
    this.rows = [...this.table.tBodies[0].rows];
    this.total = this.table.tFoot.rows[0];
    this.problem = this.root.querySelector(".problem");
    this.controls = new Map(
      [...this.root.querySelectorAll(".sizes input[name]")].map((input) => [input.name, input]));
    this.base = Object.fromEntries(data.sizes.map(([name, , value]) => [name, BigInt(value)]));
    this.values = { ...this.base };
    this.graph = this.root.querySelector(".graph");
    this.nodes = new Map();
    for (const node of this.root.querySelectorAll(".graph [data-name]")) {
      this.nodes.set(node.dataset.name, [...(this.nodes.get(node.dataset.name) || []), node]);
    }
    this.byPath = new Map(data.rows.map((row, at) => [row.path, at]));
    this.parent = new Map(data.rows.flatMap((row, at) => (row.inner || []).map((in_) => [in_, at])));
    this.folded = new Set(data.rows.flatMap((row, at) => (row.inner ? [at] : [])));
    this.numbers = computed(data.forms, this.values);
  }

  get given() {
    return this.data.sizes.every(([name]) => this.values[name] === this.base[name]);
  }

  /** Take numbers for the sizes that the network has, and compute it anew. */
  take(values) {
    for (const name of Object.keys(this.base)) {
      if (name in values) this.values[name] = values[name];
    }
    this.show();
  }

  /** Find the first rule that does not hold for numbers that are computed. */
  failing(numbers) {
    return this.data.needs.find(([, value, relation, bound]) =>
      !HOLDS[relation](numbers[value], numbers[bound]));
  }

  text(place, numbers = this.numbers) {
    return this.data.texts[place]
      .map((part, at, all) => (typeof part === "number" ? among(numbers[part])
        : typeof all[at + 1] === "number" ? before(part, numbers[all[at + 1]]) : part)).join("");
  }

  show() {
    const wrong = Object.entries(this.values).find(([, value]) =>
      value === null || value < 1n || value > LARGEST);
    for (const [name, input] of this.controls) {
      if (document.activeElement !== input && this.values[name] !== null) {
        input.value = String(this.values[name]);
      }
    }
    this.mark(wrong ? [wrong[0]] : []);
    this.graph?.classList.toggle("stale", !this.given);
    this.root.querySelector(".sizes .given")?.toggleAttribute("disabled", this.given);
    if (wrong) {
      this.refuse(`${wrong[0]} must be a whole number from 1 to ${counted(LARGEST)}.`);
      return;
    }
    this.numbers = computed(this.data.forms, this.values);
    const need = this.failing(this.numbers);
    if (need) {
      this.mark(this.letters([need[1], need[3]]));
      this.refuse(...this.reason(need));
      return;
    }
    const wide = this.data.rows.find(({ cells }) =>
      (cells.output || []).some((form) => this.numbers[form] > WIDEST));
    if (wide) {
      this.refuse(`${wide.path}: an extent of the output grows beyond ${counted(WIDEST)}.`);
      return;
    }
    this.accept();
  }

  /** Mark the fields whose numbers make a rule fail. */
  mark(names) {
    for (const [name, input] of this.controls) {
      input.setAttribute("aria-invalid", String(names.includes(name)));
    }
  }

  /** List the letters that some forms are made of. */
  letters(places) {
    const waiting = [...places], passed = new Set(), found = new Set();
    while (waiting.length) {
      const place = waiting.pop(), form = this.data.forms[place];
      if (passed.has(place) || !Array.isArray(form)) continue;
      passed.add(place);
      if (form[0] === "=") found.add(form[1]);
      else if (form[0] !== "+") waiting.push(...form.slice(1));
      else for (const product of form.filter(Array.isArray)) {
        waiting.push(...product.filter((_, at) => at % 2 === 0));
      }
    }
    return [...found];
  }

  /** Say which rule fails, with its numbers, and which numbers near by fit. */
  reason([layer, value, relation, bound, message, rule]) {
    const at = Object.entries(this.values).map(([name, number]) => `${name} = ${among(number)}`);
    const out = [
      `There is no such network for ${at.join(", ")}. ${layer}: ${this.text(message)}.`];
    const ruled = this.text(rule);
    out.push(ruled ? `Rule: ${ruled}` : "");
    const near = this.near();
    if (near.length) out.push(`Near by fit ${near.join(" and ")}.`);
    return out;
  }

  /** Find the nearest numbers of one size, of all that have the same number, that fit. */
  near() {
    const out = [];
    const tried = new Set();
    for (const [name, value] of Object.entries(this.values)) {
      const names = Object.keys(this.values).filter((other) => this.values[other] === value);
      for (const group of [[name], names]) {
        const label = group.join(" = ");
        if (tried.has(label) || out.length) continue;
        tried.add(label);
        for (const step of [-1n, 1n]) {
          const fits = this.stepped(group, value, step);
          if (fits !== null) out.push(`${label} = ${among(fits)}`);
        }
      }
    }
    return out;
  }

  stepped(names, value, step) {
    for (let tries = 1n; tries <= 256n; tries += 1n) {
      const next = value + step * tries;
      if (next < 1n || next > LARGEST) return null;
      const values = { ...this.values, ...Object.fromEntries(names.map((name) => [name, next])) };
      if (!this.failing(computed(this.data.forms, values))) return next;
    }
    return null;
  }

  refuse(...lines) {
    this.problem.replaceChildren(...lines.filter(Boolean).map((line) => el("p", {}, line)));
    this.problem.hidden = false;
    this.root.classList.add("invalid");
    this.fill(() => NONE);
  }

  accept() {
    this.problem.hidden = true;
    this.problem.replaceChildren();
    this.root.classList.remove("invalid");
    this.fill((text) => text());
  }

  /** Write all numbers; `shown` decides whether there is one. */
  fill(shown) {
    const whole = {};
    for (const key of page.added) {
      const total = this.data.totals.find(([name]) => name === key);
      whole[key] = total ? this.numbers[total[1]] : 0n;
    }
    this.rows.forEach((row, at) => {
      const data = this.data.rows[at];
      for (const cell of row.cells) {
        const key = keyOf(cell);
        if (!key) continue;
        if (key === "does") {
          const text = shown(() => this.text(data.does));
          cell.textContent = text === NONE ? this.text(data.does) : text;
          continue;
        }
        cell.textContent = shown(() => this.cellText(data, key));
        if (key in whole && data.cells[key]) {
          const part = this.numbers[data.cells[key][0]];
          const share = whole[key] && part > 0n ? Number((10000n * part) / whole[key]) / 100 : 0;
          cell.style.setProperty("--share", `${shown(() => share) === NONE ? 0 : share}%`);
          cell.classList.add("share");
        }
        cell.classList.toggle("zero", cell.textContent === "0" || cell.textContent === NONE);
      }
    });
    for (const cell of this.total.cells) {
      const key = keyOf(cell);
      if (page.added.includes(key)) cell.textContent = shown(() => counted(whole[key]));
    }
    for (const [key, form, bytes] of this.data.totals) {
      const tile = this.root.querySelector(`.tile[data-t="${key}"]`);
      tile.querySelector("b").textContent = shown(() => counted(this.numbers[form]));
      if (bytes >= 0) {
        tile.querySelector("small").textContent =
          shown(() => `${counted(this.numbers[bytes])} bytes`);
      }
    }
    for (const detail of this.root.querySelectorAll("tr.detail, .of-total")) detail.renew?.();
    summary();
  }

  cellText(row, key) {
    const forms = row.cells[key];
    if (!forms) {
      if (key === "macs") return "?";
      if (key !== "receptive-field" || !("from" in row)) return NONE;
      if (!row.only) return NONE;
      return this.given ? this.sides(row.only.map(BigInt)) : "?";
    }
    const numbers = forms.map((form) => this.numbers[form]);
    if (key === "output") return numbers.map(String).join(TIMES);
    if (key === "receptive-field") return (row.bound ? "at most " : "") + this.sides(numbers);
    return counted(numbers[0]);
  }

  sides(numbers) {
    return numbers.every((one) => one === numbers[0]) ? String(numbers[0])
      : numbers.map(String).join(TIMES);
  }

  // -- levels -------------------------------------------------------------------------------------

  isShown(at) {
    const above = this.parent.get(at);
    return above === undefined || (!this.folded.has(above) && this.isShown(above));
  }

  fold(at, closes) {
    this.folded[closes ? "add" : "delete"](at);
    this.draw();
  }

  foldAll(closes) {
    this.data.rows.forEach((row, at) => row.inner && this.folded[closes ? "add" : "delete"](at));
    this.draw();
  }

  reveal(at) {
    for (let above = this.parent.get(at); above !== undefined; above = this.parent.get(above)) {
      this.folded.delete(above);
    }
    this.draw();
  }

  draw() {
    this.rows.forEach((row, at) => {
      row.hidden = !this.isShown(at);
      if (this.data.rows[at].inner) {
        row.setAttribute("aria-expanded", String(!this.folded.has(at)));
      }
      const detail = row.nextElementSibling;
      if (detail?.classList.contains("detail")) detail.hidden = row.hidden;
    });
    this.root.dispatchEvent(new CustomEvent("folded"));
  }

  /** Open the arithmetic of a number, by its layer and column. */
  point(path, key) {
    const row = this.byPath.get(path);
    const column = page.columns.findIndex(([name]) => name === key);
    if (row === undefined || column < 0) return;
    this.reveal(row);
    const cell = this.rows[row].cells[column + 2];
    if (cell.getAttribute("aria-expanded") !== "true") this.toggle(cell);
    cell.scrollIntoView({ block: "center" });
  }

  /** List the nodes of a layer in the graph; of one that is folded away those of its block. */
  nodesOf(path) {
    for (let name = path; name; name = name.slice(0, Math.max(0, name.lastIndexOf("/")))) {
      const nodes = (this.nodes.get(name) || []).filter((node) => !node.closest("[hidden]"));
      if (nodes.length) return nodes;
    }
    return [];
  }

  // -- arithmetic ---------------------------------------------------------------------------------

  /** Open or close the arithmetic of a cell under its row. */
  toggle(cell) {
    const row = cell.parentElement;
    const before = row.nextElementSibling?.classList.contains("detail") && row.nextElementSibling;
    const same = before && before.dataset.c === keyOf(cell);
    if (before) {
      before.remove();
      for (const one of row.cells) if (one.hasAttribute("aria-expanded")) {
        one.setAttribute("aria-expanded", "false");
      }
    }
    if (same) return;
    const inside = el("td", { colspan: String(row.cells.length) });
    const detail = el("tr", { class: "detail", "data-c": keyOf(cell) }, inside);
    detail.renew = () => inside.replaceChildren(
      this.root.classList.contains("invalid") ? el("p", {}, "No number: the rule above fails.")
        : this.lesson(this.rows.indexOf(row), keyOf(cell)));
    detail.renew();
    row.after(detail);
    cell.setAttribute("aria-expanded", "true");
  }

  title(key) {
    return page.columns.find(([name]) => name === key)[1];
  }

  lesson(at, key) {
    const row = this.data.rows[at];
    const name = row ? row.path : this.data.name;
    const label = `${this.title(key)} of ${name}`;
    const out = el("div", { class: "lesson", tabindex: "0", role: "group", "aria-label": label });
    const does = row ? this.text(row.does) : "";
    out.append(el("p", { class: "what" }, `${this.title(key)} of `, el("bdi", {}, name),
      does ? `: ${does}` : ""));
    if (row && !row.inner) out.append(...this.explained(this.data.lessons[row.how][key] || []));
    else out.append(...this.summed(row, key));
    const forms = row ? row.cells[key] : null;
    if (forms) out.append(...this.inClosedForm(forms));
    else if (row && row.only && !this.given) {
      out.append(el("p", {}, "No one formula gives this receptive field for all sizes; at the"
        + ` spec's own it is ${this.sides(row.only.map(BigInt))}.`));
    }
    if (row && row.from && key === "output") {
      const sources = row.from.flatMap((source, index) =>
        [...(index ? [", "] : []), el("bdi", {}, source)]);
      out.append(el("p", { class: "where" }, "What flows in comes from ", ...sources, "."));
    }
    return out;
  }

  explained(parts) {
    const out = [];
    const seen = new Map();
    for (const part of parts) {
      if (typeof part === "number") {
        out.push(el("p", {}, this.text(part)));
        continue;
      }
      const [label, place, sign] = part;
      const formula = formulaAt(this, place);
      const steps = stages(formula, sign);
      const alike = steps.map((step) => step.outerHTML).join("=");
      if (seen.has(alike)) {
        seen.get(alike).firstChild.append(`, ${label}`);
        continue;
      }
      const shown = chain(label, steps);
      seen.set(alike, shown);
      out.push(shown);
      const letters = new Map(leaves(formula).filter(({ name }) => name in page.letters)
        .map(({ name, value }) => [name, `${name} = ${among(value.over)}`
          + `${value.under === 1n ? "" : `/${value.under}`} (${page.letters[name]})`]));
      if (letters.size) {
        out.push(el("p", { class: "where" }, `with ${[...letters.values()].join(", ")}`));
      }
    }
    return out;
  }

  /** Say what the number of a level, or of the whole network, is the sum of. */
  summed(row, key) {
    if (!page.added.includes(key)) {
      const last = row.inner[row.inner.length - 1];
      return [el("p", {}, "What comes out of a block is what comes out of one of its layers: open"
        + ` it, and look at them up to ${this.data.rows[last].path}.`)];
    }
    const inner = row ? row.inner
      : this.data.rows.flatMap((_, at) => (this.parent.has(at) ? [] : [at]));
    const parts = inner.filter((at) => this.data.rows[at].cells[key])
      .map((at) => [this.data.rows[at].path, this.numbers[this.data.rows[at].cells[key][0]]])
      .filter(([, value]) => value);
    const body = el("tbody", {}, ...parts.map(([name, value]) =>
      el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, name)), el("td", {}, counted(value)))));
    const total = parts.reduce((sum, [, value]) => sum + value, 0n);
    const foot = el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "sum"),
      el("td", {}, counted(total))));
    if (!parts.length) return [el("p", {}, "Nothing in it has any.")];
    return [el("table", { class: "facts sum" }, body, foot)];
  }

  inClosedForm(forms) {
    const texts = [...new Set(forms.filter((form) => form in this.data.shown)
      .map((form) => this.data.shown[form]))];
    if (!texts.length) return [];
    const used = Object.keys(this.data.names).filter((name) =>
      texts.some((text) => text.match(/[\p{L}_]\w*/gu)?.includes(name)));
    const line = el("p", { class: "closed-form" }, el("span", { class: "label" }, "closed form "),
      ...texts.flatMap((text, at) => [...(at ? [" and "] : []), closed(text)]));
    const out = [line];
    if (used.length) {
      const where = used.flatMap((name, at) => [at ? ", " : "with ", closed(name), " = ",
        closed(this.data.names[name][1]),
        ` = ${among(this.numbers[this.data.names[name][0]])}`]);
      out.push(el("p", { class: "where" }, ...where));
    }
    return out;
  }

  // -- copies -------------------------------------------------------------------------------------

  /** Return the rows in sight as lists of texts, the header first. */
  grid() {
    const texts = (row) => [...row.cells].map((cell) => cell.textContent.trim());
    const heads = [...this.table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const body = this.rows.flatMap((row, at) =>
      (row.hidden ? [] : [[this.data.rows[at].path, ...texts(row).slice(1)]]));
    return [heads, ...body, texts(this.total)];
  }

  facts() {
    return [...this.root.querySelectorAll(".tile")].map((tile) =>
      `${tile.querySelector(".term").textContent}: ${tile.querySelector("b").textContent}`
      + (tile.querySelector("small").textContent
        ? ` (${tile.querySelector("small").textContent})` : ""));
  }

  get caption() {
    const at = Object.entries(this.values).map(([name, value]) => `${name} = ${value}`);
    return this.data.name + (at.length ? ` (${at.join(", ")})` : "");
  }

  markdown() {
    const safe = (text) => text.replace(/[\\`*_{}[\]<>#|~&$]/g, "\\$&");
    const [heads, ...rows] = this.grid();
    const line = (cells) => `| ${cells.map(safe).join(" | ")} |`;
    const rule = heads.map((_, at) => (at < 3 ? "---" : "---:"));
    return [`**${safe(this.caption)}**`, "", line(heads), `|${rule.join("|")}|`, ...rows.map(line),
      "", ...this.facts().map((fact) => `- ${safe(fact)}`), ""].join("\n");
  }

  latex() {
    const signs = { "\\": "\\textbackslash{}", "^": "\\^{}", "~": "\\~{}",
      "\u00d7": "$\\times$", "\u2013": "--" };
    const safe = (text) => text.replace(/[\\^~\u00d7\u2013]|[#$%&_{}]/g,
      (sign) => signs[sign] || `\\${sign}`);
    const [heads, ...rows] = this.grid();
    const line = (cells) => `${cells.map(safe).join(" & ")} \\\\`;
    return ["% needs \\usepackage{booktabs}", "\\begin{tabular}{lllrrrr}", "\\toprule", line(heads),
      "\\midrule", ...rows.slice(0, -1).map(line), "\\midrule", line(rows[rows.length - 1]),
      "\\bottomrule", "\\end{tabular}", ""].join("\n");
  }
}

// -- the page -------------------------------------------------------------------------------------

const networks = page.networks.map((data, index) => new Network(data, index));
const together = document.getElementById("together");

/** Renew the totals of all networks side by side, if there are several. */
function summary() {
  if (typeof networks === "undefined" || networks.length < 2) return;
  for (const network of networks) {
    const row = document.getElementById(`all${network.index}`);
    for (const cell of row.cells) {
      const total = network.data.totals.find(([key]) => key === cell.dataset.t);
      if (total) {
        cell.textContent = network.root.classList.contains("invalid") ? NONE
          : counted(network.numbers[total[1]]);
      }
    }
  }
}

const remember = () => {
  const parts = networks.flatMap((network) => Object.entries(network.values)
    .filter(([name, value]) => value !== null && value !== network.base[name])
    .map(([name, value]) => `${networks.length > 1 ? `${network.index + 1}.` : ""}${name}=${value}`));
  try {
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname);
  } catch {
    // a page that lies in no place of its own keeps nothing
  }
};

/** Read the address: #H=320&W=480, #2.H=320 for the second network alone, #at=conv1:params. */
const recall = () => {
  for (const part of location.hash.slice(1).split("&").map(decodeURIComponent)) {
    const place = /^at=(.*):([\w-]+)$/.exec(part);
    if (place) {
      for (const network of networks) network.point(place[1], place[2]);
      continue;
    }
    const given = /^(?:(\d+)\.)?([\p{L}_]\w*)=(\d{1,7})$/u.exec(part);
    if (!given) continue;
    for (const network of given[1] ? [networks[given[1] - 1]] : networks) {
      network?.take({ [given[2]]: BigInt(given[3]) });
    }
  }
};

const copy = async (text, button) => {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { "aria-label": "what is copied", class: "copied" });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
  }
  const status = document.getElementById("status");
  status.textContent = done ? `Copied: ${button.textContent}` : "This browser lets nothing be copied.";
  button.dataset.done = done ? "copied" : "refused";
  setTimeout(() => delete button.dataset.done, 1600);
};

/** Let the graph fold and open, grow and shrink, and lead to the rows of its nodes. */
function graph(network, go) {
  const { graph: home, rows } = network;
  const depths = [...home.querySelectorAll(".depth")];
  const canvas = home.querySelector(".canvas");
  let shown = 0, scale = 1;
  const draw = () => {
    depths.forEach((one, at) => { one.hidden = at !== shown; });
    for (const svg of canvas.querySelectorAll("svg.drawing")) {
      svg.style.width = `${Math.round(svg.viewBox.baseVal.width * scale)}px`;
      svg.style.height = `${Math.round(svg.viewBox.baseVal.height * scale)}px`;
    }
    home.querySelector('[data-do="less"]')?.toggleAttribute("disabled", shown === 0);
    home.querySelector('[data-do="more"]')
      ?.toggleAttribute("disabled", shown === depths.length - 1);
  };
  const press = (name, does) => home.querySelector(`[data-do="${name}"]`)
    ?.addEventListener("click", () => { does(); draw(); });
  const zoom = (factor) => { scale = Math.min(3, Math.max(0.2, scale * factor)); };
  press("less", () => { shown = Math.max(0, shown - 1); });
  press("more", () => { shown = Math.min(depths.length - 1, shown + 1); });
  press("small", () => zoom(0.8));
  press("large", () => zoom(1.25));
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "+" && event.key !== "-") return;
    zoom(event.key === "+" ? 1.25 : 0.8);
    draw();
    event.preventDefault();
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1);
    draw();
    event.preventDefault();
  }, { passive: false });
  const rowOf = (target) => {
    const name = target.closest?.("[data-name]")?.dataset.name;
    return name === undefined ? undefined : network.byPath.get(name);
  };
  let lit = null;
  const mark = (at) => {
    lit?.classList.remove("lit");
    lit = at === undefined ? null : rows[at];
    lit?.classList.add("lit");
  };
  canvas.addEventListener("pointerover", (event) => mark(rowOf(event.target)));
  canvas.addEventListener("pointerleave", () => mark(undefined));
  canvas.addEventListener("click", (event) => {
    const at = rowOf(event.target);
    if (at === undefined) return;
    network.reveal(at);
    go(rows[at].cells[0]);
  });
  if (matchMedia("(max-width: 40em)").matches) home.open = false;
  draw();
}

for (const network of networks) {
  const { root, table, rows } = network;

  // sizes
  for (const [name, input] of network.controls) {
    const turned = () => {
      const value = /^\d{1,7}$/.test(input.value.trim()) ? BigInt(input.value.trim()) : null;
      const targets = together?.checked ? networks : [network];
      for (const one of targets) one.take({ [name]: value });
      remember();
    };
    input.addEventListener("input", turned);
    input.addEventListener("blur", () => {
      if (network.values[name] === null) network.take({ [name]: network.base[name] });
    });
  }
  root.querySelector(".sizes")?.addEventListener("submit", (event) => event.preventDefault());
  root.querySelector(".sizes .given")?.addEventListener("click", () => {
    for (const one of together?.checked ? networks : [network]) one.take({ ...one.base });
    remember();
  });

  // the table as a grid for the keyboard
  table.setAttribute("role", "treegrid");
  const reachable = () => [...rows.filter((row) => !row.hidden), network.total];
  let current = null;
  const go = (cell) => {
    if (!cell) return;
    current?.setAttribute("tabindex", "-1");
    current = cell;
    cell.setAttribute("tabindex", "0");
    cell.focus();
  };
  rows.forEach((row, at) => {
    row.setAttribute("aria-level", String(network.data.rows[at].depth));
    for (const cell of row.cells) {
      cell.setAttribute("tabindex", "-1");
      if (opens(cell)) cell.setAttribute("aria-expanded", "false");
    }
    row.addEventListener("pointerenter", () => light(at, true));
    row.addEventListener("pointerleave", () => light(at, false));
    row.addEventListener("focusin", () => light(at, true));
    row.addEventListener("focusout", () => light(at, false));
  });
  for (const cell of network.total.cells) cell.setAttribute("tabindex", "-1");
  current = rows[0].cells[0];
  current.setAttribute("tabindex", "0");
  const light = (at, on) => {
    for (const node of root.querySelectorAll(".graph .lit")) node.classList.remove("lit");
    if (on) for (const node of network.nodesOf(network.data.rows[at].path)) node.classList.add("lit");
  };
  if (network.graph) graph(network, go);
  const act = (cell) => {
    const at = rows.indexOf(cell.parentElement);
    if (at < 0) return;
    if (cell.cellIndex === 0) {
      if (network.data.rows[at].inner) network.fold(at, !network.folded.has(at));
    } else if (opens(cell)) network.toggle(cell);
  };
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("th, td");
    if (!cell || cell.closest(".detail, thead") || String(getSelection())) return;
    go(cell);
    act(cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("th, td");
    if (!cell || cell !== current || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = reachable(), row = cell.parentElement, column = cell.cellIndex;
    const at = rows.indexOf(row), data = network.data.rows[at];
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[event.key];
    let taken = true;
    if (step) {
      const next = Math.min(all.length - 1, Math.max(0, all.indexOf(row) + step));
      go(all[next].cells[column]);
    } else if (event.key === "ArrowRight" && column === 0 && data?.inner && network.folded.has(at)) {
      network.fold(at, false);
    } else if (event.key === "ArrowLeft" && column === 0 && data?.inner && !network.folded.has(at)) {
      network.fold(at, true);
    } else if (event.key === "ArrowLeft" && column === 0 && network.parent.has(at)) {
      go(rows[network.parent.get(at)].cells[0]);
    } else if (event.key === "ArrowRight") go(row.cells[column + 1]);
    else if (event.key === "ArrowLeft") go(row.cells[column - 1]);
    else if (event.key === "Home") go(event.shiftKey ? all[0].cells[column] : row.cells[0]);
    else if (event.key === "End") go(row.cells[row.cells.length - 1]);
    else if (event.key === "Enter" || event.key === " ") act(cell);
    else if (event.key === "Escape" && row.nextElementSibling?.classList.contains("detail")) {
      const opened = [...row.cells].find((one) => one.getAttribute("aria-expanded") === "true");
      if (opened) network.toggle(opened);
    } else taken = false;
    if (taken) event.preventDefault();
  });

  // the totals, each with its closed form
  for (const tile of root.querySelectorAll(".tile")) {
    tile.addEventListener("click", () => {
      const place = root.querySelector(".of-total");
      const opens = place.hidden || place.dataset.t !== tile.dataset.t;
      for (const one of root.querySelectorAll(".tile")) one.setAttribute("aria-expanded", "false");
      place.hidden = !opens;
      place.dataset.t = tile.dataset.t;
      tile.setAttribute("aria-expanded", String(opens));
      place.renew = () => {
        const total = network.data.totals.find(([key]) => key === place.dataset.t);
        const label = tile.querySelector(".term").textContent;
        const form = network.inClosedForm([total[1]]);
        const plain = el("p", {}, "It is the same for every size.");
        place.replaceChildren(el("p", { class: "what" }, label), ...(form.length ? form : [plain]));
      };
      place.renew();
    });
  }

  // tools
  const tool = (name, does) => root.querySelector(`[data-do="${name}"]`)
    ?.addEventListener("click", (event) => does(event.currentTarget));
  tool("open", () => network.foldAll(false));
  tool("fold", () => network.foldAll(true));
  tool("markdown", (button) => copy(network.markdown(), button));
  tool("latex", (button) => copy(network.latex(), button));
}

document.documentElement.classList.add("live");
for (const network of networks) {
  network.draw();
  network.show();
}
recall();
addEventListener("hashchange", recall);
})();
