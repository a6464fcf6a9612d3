// Logs in. The password goes into one request's body and nowhere else; what is answered is shown as text.

const form = document.getElementById("form");
const password = document.getElementById("password");
const problem = document.getElementById("problem");
const enter = document.getElementById("enter");
const reveal = document.getElementById("reveal");
let busy = false;

function say(words, wrong = true) {
  problem.textContent = words;
  password.setAttribute("aria-invalid", wrong && words ? "true" : "false");
}

function wait(yes) {
  busy = yes;
  enter.setAttribute("aria-disabled", String(yes));
  enter.textContent = yes ? "Logging in…" : "Log in";
}

async function words(answer) {
  try {
    const told = await answer.json();
    return [told.detail, told.do].filter(Boolean).join(" ");
  } catch {
    return "";
  }
}

async function logIn() {
  const text = password.value;
  if (!text) {
    say("Enter the password.");
    password.focus();
    return;
  }
  wait(true);
  say("");
  try {
    const answer = await fetch("/login", {
      method: "POST",
      headers: { "content-type": "application/json", "x-passerby": "1" },
      body: JSON.stringify({ password: text }),
      cache: "no-store",
    });
    if (answer.ok || answer.status === 409) {
      password.value = "";
      location.replace(location.hash === "#tally" ? "/tally" : "/" + location.hash);
      return;
    }
    say((await words(answer)) || `The server answered ${answer.status}.`, answer.status === 401);
  } catch {
    say("The server cannot be reached. Is Passerby running?", false);
  }
  wait(false);
  password.focus();
  password.select();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!busy) logIn();
});

reveal.addEventListener("click", () => {
  const shown = password.type === "password";
  password.type = shown ? "text" : "password";
  reveal.textContent = shown ? "Hide" : "Show";
  reveal.setAttribute("aria-pressed", String(shown));
  password.focus();
});

password.addEventListener("input", () => {
  if (problem.textContent) say("");
});

try {
  const session = await (await fetch("/api/session", { cache: "no-store" })).json();
  if (session.closed) say(session.closed, false);
} catch {
  // The first try to log in tells.
}
