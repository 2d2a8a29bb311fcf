/** In the page: the text that is hardest to read (WCAG 2.2, contrast ratio). */
(() => {
  const numbers = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r = 0, g = 0, b = 0] = numbers(color)
      .slice(0, 3)
      .map((value) => value / 255)
      .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paperOf = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if ((numbers(backgroundColor)[3] ?? 1) > 0) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  let worst = { text: "", ratio: 21 };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(
      ({ nodeType, textContent }) => nodeType === 3 && textContent?.trim(),
    );
    if (!own || element.getClientRects().length === 0) continue;
    const [ink, paper] = [luminance(getComputedStyle(element).color), luminance(paperOf(element))];
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < worst.ratio) worst = { text: element.textContent ?? "", ratio };
  }
  return worst;
})();
