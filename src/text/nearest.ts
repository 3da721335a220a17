import { closest, distance } from "fastest-levenshtein";

/** The candidate nearest to a word, when it is near enough to be what was meant. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const known = [...candidates];
  if (known.length === 0) return null;
  const best = closest(word, known);
  // Of a short word, two other letters make another word.
  const most = Math.min(Math.max(2, Math.floor(word.length / 2)), Math.max(1, word.length - 2));
  return distance(word, best) <= most ? best : null;
}
