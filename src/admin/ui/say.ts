let timer = 0;

/** Tells the person something that needs no answer: shown for a moment, and read out by screen readers. */
export function say(text: string): void {
  const place = document.querySelector("#said");
  if (!place) return;
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(timer);
  timer = window.setTimeout(() => place.classList.remove("shown"), SHOWN_MS);
}

const SHOWN_MS = 4000;
