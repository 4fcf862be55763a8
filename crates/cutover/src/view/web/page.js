"use strict";
// Draws snapshots as they come. All text of others is set as text, never as markup.
const token = location.hash.slice(1);
const byId = (id) => document.getElementById(id);
const HOSTS_MAX = 200;
let last = null;

function make(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

function bar(percent) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "bar");
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", percent + " percent");
  for (const [name, width] of [["all", 100], ["part", percent]]) {
    const rect = document.createElementNS(space, "rect");
    rect.setAttribute("class", name);
    rect.setAttribute("width", width);
    rect.setAttribute("height", 10);
    rect.setAttribute("rx", 2);
    svg.append(rect);
  }
  return svg;
}

function span(ms) {
  const s = Math.floor(ms / 1000);
  if (ms < 1000) return ms + " ms";
  if (s < 60) return (ms < 10000 && ms % 1000 ? (ms / 1000).toFixed(1) : s) + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
}

const rate = (perS) => (perS >= 1000 ? (perS / 1000).toFixed(1) + "k" : perS >= 10 || perS === 0 ? perS.toFixed(0) : perS.toFixed(1));

// What a step says of its time, by the clock of whoever made the snapshot.
function time(step, now) {
  const state = step.state;
  switch (state.is) {
    case "pending": return step.expected_ms ? "about " + span(step.expected_ms) : "";
    case "active": return span(now - state.since_ms);
    case "waiting": return "waits, " + span(now - state.since_ms);
    case "done": return state.took_ms ? span(state.took_ms) : "done";
    case "given_up": return "given up after " + span(state.took_ms);
    default: return state.is.replace("_", " ");
  }
}

function step(drawn, now) {
  const item = make("li", "step " + drawn.kind + " " + drawn.state.is);
  item.dataset.step = drawn.name;
  if (drawn.state.is === "active" || drawn.state.is === "waiting") item.setAttribute("aria-current", "step");
  item.append(make("span", "time", time(drawn, now)), make("span", "name", drawn.name));
  item.append(make("span", "visually", drawn.times > 1 ? " (begun " + drawn.times + " times)" : ""));
  item.append(make("div", "does", drawn.does));
  if (item.hasAttribute("aria-current")) item.append(make("div", "gate", "until " + drawn.gate));
  for (const note of drawn.notes) item.append(make("div", "note", note));
  return item;
}

function end(words, reached) {
  return make("div", reached ? "end reached" : "end", words);
}

function drawDiagram(snapshot, now) {
  const diagram = snapshot.diagram;
  const drawn = [end(diagram.before, false)];
  for (const part of diagram.parts) {
    const section = make("section", "part " + part.kind);
    const list = make("ol");
    list.append(...part.boxes.map((box) => step(box, now)));
    section.append(make("h2", "", part.title), list);
    if (part.kind === "back") drawn.push(section);
    else drawn.push(section);
  }
  const back = diagram.parts.some((part) => part.kind === "back") || diagram.end === "stable";
  drawn.push(end(back ? diagram.ends[1] : diagram.ends[0], diagram.end !== null));
  byId("diagram").replaceChildren(...drawn);
}

function drawVersions(snapshot) {
  const hosts = snapshot.hosts;
  const share = Math.floor(hosts.reduce((sum, host) => sum + (host.weight || 0), 0) / Math.max(1, hosts.length));
  const row = (of, version, percent, traffic) => {
    const line = make("div", "version");
    line.append(make("span", "of", of), make("strong", "", version.vsn), bar(percent), make("span", "", percent + " %"),
      make("span", "", rate(traffic.requests_per_s) + " requests/s"),
      make("span", traffic.bad_per_s > 0 ? "badly" : "of", rate(traffic.bad_per_s) + " bad/s"),
      make("span", "of", traffic.sockets + " sockets"));
    return line;
  };
  const rows = [];
  if (snapshot.stable) rows.push(row("stable", snapshot.stable, 100 - share, snapshot.total.stable));
  rows.push(row("candidate", snapshot.candidate, share, snapshot.total.candidate));
  byId("versions").replaceChildren(...rows);
}

function trouble(host) {
  if (host.aside) return "set aside: " + host.aside;
  if (host.lost) return "does not answer: " + host.lost;
  if (host.refused) return "refused: " + host.refused;
  return "";
}

const urgency = (host) => trouble(host) ? 0 : host.instances.some((i) => i.health !== "healthy") ? 1 : host.pending ? 2 : 3;

function drawHosts(snapshot) {
  const hosts = [...snapshot.hosts].sort((a, b) => urgency(a) - urgency(b));
  const rows = hosts.slice(0, HOSTS_MAX).map((host) => {
    const row = make("tr", trouble(host) ? "trouble" : "");
    const name = make("th", "", host.host);
    name.scope = "row";
    const weight = make("td");
    weight.append(bar(host.weight || 0), (host.weight || 0) + " %");
    const health = make("td", "", trouble(host));
    for (const instance of host.instances) {
      const sign = { healthy: "●", unhealthy: "◐", down: "✗" }[instance.health];
      const words = instance.health === "healthy" ? "" : " " + instance.detail;
      const shown = make("div", instance.health, sign + " " + instance.of + words + (instance.restarts ? ", " + instance.restarts + " restarts" : ""));
      shown.title = instance.detail;
      health.append(shown);
    }
    const traffic = (of) => make("td", of.bad_per_s > 0 ? "badly" : "", rate(of.requests_per_s) + "/s, " + rate(of.bad_per_s) + " bad");
    row.append(name, weight, health, traffic(host.stable), traffic(host.candidate), make("td", "", host.stable.sockets));
    return row;
  });
  byId("hosts").replaceChildren(...rows);
  byId("more").textContent = hosts.length > HOSTS_MAX ? "and " + (hosts.length - HOSTS_MAX) + " more, no less healthy than these" : "";
}

const WORDS = { "promote": "Promote", "promote --full": "Promote to the end", "pause": "Pause", "continue": "Continue", "retry": "Retry", "abort": "Abort …" };

function drawVerbs(snapshot) {
  const verbs = snapshot.read_only ? [] : snapshot.possible;
  const nav = byId("verbs");
  if (nav.dataset.verbs === verbs.join()) return; // A button keeps its focus.
  nav.dataset.verbs = verbs.join();
  nav.replaceChildren(...verbs.map((verb) => {
    const button = make("button", verb === "abort" ? "bad" : "", WORDS[verb] || verb);
    button.dataset.verb = verb;
    button.addEventListener("click", () => (verb === "abort" ? sure(verb) : order(verb)));
    return button;
  }));
}

function sure(verb) {
  const stable = last.stable ? last.stable.vsn + " serves again" : "nothing serves";
  byId("question").textContent = "Abort " + last.rollout + "? " + stable + ", and " + last.candidate.vsn + " is given up.";
  const dialog = byId("sure");
  dialog.returnValue = "";
  dialog.onclose = () => dialog.returnValue === "yes" && order(verb);
  dialog.showModal();
}

async function order(verb) {
  const said = byId("said");
  try {
    const answer = await fetch("/orders/" + verb.replace(" --", "-"), { method: "POST", headers: { "x-cutover-token": token } });
    said.textContent = answer.ok ? "asked to " + verb : await answer.text();
  } catch (error) {
    said.textContent = "could not ask to " + verb + ": " + error;
  }
}

function draw(snapshot) {
  last = snapshot;
  const now = snapshot.at_ms;
  const phase = byId("phase");
  phase.textContent = snapshot.phase;
  phase.className = snapshot.phase;
  byId("title").textContent = snapshot.diagram.title;
  document.title = snapshot.phase + " · " + snapshot.service;
  byId("elapsed").textContent = snapshot.began_ms ? span(now - snapshot.began_ms) : "";
  const left = snapshot.deadline_ms ? span(Math.max(0, snapshot.deadline_ms - now)) + " left for this step" : "";
  const until = snapshot.waiting && snapshot.waiting.until_ms ? ", " + span(Math.max(0, snapshot.waiting.until_ms - now)) + " left" : "";
  const why = byId("why");
  why.className = snapshot.cause ? "bad" : "";
  why.textContent = snapshot.waiting ? "waits for " + snapshot.waiting.what + until : snapshot.cause || left;
  drawVersions(snapshot);
  drawVerbs(snapshot);
  drawDiagram(snapshot, now);
  drawHosts(snapshot);
}

const events = new EventSource("/events?token=" + token);
events.addEventListener("open", () => { byId("lost").hidden = true; });
events.addEventListener("error", () => { byId("lost").hidden = false; });
events.addEventListener("snapshot", (event) => draw(JSON.parse(event.data)));
events.addEventListener("end", () => {
  events.close();
  byId("said").textContent = "This view has ended; cutover show has the whole rollout.";
  byId("verbs").replaceChildren();
});
