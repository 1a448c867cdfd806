"""How readable the words of a page are: the contrast of each with its ground, as the browser computed the colours."""

from typing import NamedTuple

from playwright.sync_api import Page

# Ratio and luminance: Web Content Accessibility Guidelines 2.2, "contrast ratio" and "relative luminance". A canvas
# turns any colour that CSS can write into bytes. The ground is what all backgrounds behind the words give together; of
# words drawn on an arrow, the box that is drawn with them. What is invisible is left out.
_MEASURE = """selector => {
  const dot = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    dot.clearRect(0, 0, 1, 1);
    dot.fillStyle = colour;
    dot.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = dot.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const behind = (element) => {
    const layers = [], box = element instanceof SVGElement && element.parentElement.querySelector('rect');
    if (box) layers.push(rgba(getComputedStyle(box).fill));
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const found = [];
  for (const root of document.querySelectorAll(selector))
    for (const element of [root, ...root.querySelectorAll('*')]) {
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      const words = own.map((node) => node.data).join(' ').trim();
      if (!words || !element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
      const style = getComputedStyle(element), ground = behind(element);
      let opacity = 1;
      for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
      const [r, g, b, a] = rgba(element instanceof SVGElement ? style.fill : style.color);
      const ink = luminance(over([r, g, b, a * opacity], ground)), paper = luminance(ground);
      found.push([words, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05), paper]);
    }
  return found;
}"""


class Contrast(NamedTuple):
    """Words, the ratio of their colour to their ground (1 to 21; 4.5 is asked of a text), the ground's luminance."""

    words: str
    ratio: float
    ground: float


def contrasts(page: Page, selector: str) -> list[Contrast]:
    """Each piece of visible text in the elements of a CSS selector, the faintest first."""
    found = (Contrast(*one) for one in page.evaluate(_MEASURE, selector))
    return sorted(found, key=lambda one: one.ratio)
