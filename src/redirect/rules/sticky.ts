/**
 * A number in [0, 1) that is always the same for one visitor and one salt, and for another salt another: FNV-1a (32
 * bits, http://www.isthe.com/chongo/tech/comp/fnv/) over the UTF-16 units of `salt`, a space, and `key`, then the
 * finalizer of MurmurHash3, without which neighbouring keys would get neighbouring numbers.
 */
export function stickyNumber(key: string, salt: string): number {
  let hash = mixedIn(FNV_OFFSET, salt);
  hash = Math.imul(hash ^ SPACE, FNV_PRIME);
  hash = mixedIn(hash, key);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function mixedIn(start: number, text: string): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const SPACE = 32;
