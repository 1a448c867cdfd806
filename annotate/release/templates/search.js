
"use strict";
// The words of all articles, sorted, and for each the articles that have it: numbers to the base 36, each but the first
// as the distance from the one before. A word begins with the number of characters that it shares with the one before.
const index = JSON.parse(document.getElementById("words").textContent);
const rows = [...document.querySelectorAll(".index > li")];
const shown = rows.map((row) => row.textContent.toLowerCase());
const words = [];
for (const entry of index.words) {
  const shared = parseInt(entry[0], 36);
  words.push((words.at(-1) ?? "").slice(0, shared) + entry.slice(1));
}
const query = document.getElementById("query"), hits = document.getElementById("hits");

function addArticles(position, articles) {
  let article = 0;
  for (const distance of index.articles[position].split(" ")) articles.add(article += parseInt(distance, 36));
}

function findArticles(term) {
  const articles = new Set();
  shown.forEach((text, article) => { if (text.includes(term)) articles.add(article); });
  let low = 0, high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle] < term) low = middle + 1; else high = middle;
  }
  for (; low < words.length && words[low].startsWith(term); low++) addArticles(low, articles);
  return articles;
}

function search() {
  const terms = query.value.toLowerCase().split(/[^\p{L}\p{N}\p{M}]+/u).filter(Boolean);
  // In a script without spaces each letter is a word of its own, with the marks after it.
  const single = new RegExp(`[${index.letters}][\\p{M}${index.continuing}]*`, "gu");
  const sets = terms.flatMap((term) => {
    const letters = term.match(single) ?? [];
    const rest = term.replace(single, " ").split(" ").filter(Boolean);
    return [...letters, ...rest];
  }).map(findArticles);
  let count = 0;
  rows.forEach((row, article) => {
    row.hidden = !sets.every((articles) => articles.has(article));
    count += row.hidden ? 0 : 1;
  });
  hits.textContent = terms.length ? `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} articles` : "";
}

document.getElementById("search").hidden = false;
query.addEventListener("input", search);
if (query.value) search();
