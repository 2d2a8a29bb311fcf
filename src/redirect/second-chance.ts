/** What can be kept: it carries how much it was asked for, so that asking writes nothing anywhere else. */
export interface Warm {
  heat: number;
}

/** Heat beyond this is not counted: it is as many rounds as something unwanted outlives its last visit. */
export const heatMax = 3;

/**
 * A Map of bounded size that lets go of what nobody asked for lately. A hit is one look into one Map; keeping
 * strict order of use (LRU) was measured to cost more than all else a hit does. A hand goes round instead when
 * room is needed: what is warm cools by one, what is cold must go. Newcomers are cold, so that a crowd of
 * strangers does not push out what is in use.
 */
export class SecondChance<Value extends Warm> {
  readonly #sizeMax: number;
  readonly #left: (value: Value) => void;
  readonly #values = new Map<string, Value>();
  /** The round the hand goes: every key, in the place it was given when it came, and keys that were deleted. */
  readonly #round: string[] = [];
  #hand = 0;

  /** `left` is told of every value that is let go or replaced. */
  constructor(sizeMax: number, left: (value: Value) => void) {
    this.#sizeMax = sizeMax;
    this.#left = left;
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined && value.heat < heatMax) value.heat++;
    return value;
  }

  /** Like `get`, without warming. */
  peek(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    const old = this.#values.get(key);
    if (old === value) return;
    if (old !== undefined) this.#left(old);
    else if (this.#round.length < this.#sizeMax) this.#round.push(key);
    else this.#round[this.#makeRoom()] = key;
    this.#values.set(key, value);
  }

  /** Its place in the round stays empty until the hand comes by: to look for it would cost more than it holds. */
  delete(key: string): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#left(value);
  }

  clear(): void {
    const values = [...this.#values.values()];
    this.#values.clear();
    this.#round.length = 0;
    this.#hand = 0;
    for (const value of values) this.#left(value);
  }

  get size(): number {
    return this.#values.size;
  }

  /** Frees the first cold place; after some steps whichever is next, so that no visitor waits for a long round. */
  #makeRoom(): number {
    for (let step = 1; ; step++) {
      const place = this.#hand;
      this.#hand = (place + 1) % this.#sizeMax;
      const key = this.#round[place]!;
      const value = this.#values.get(key);
      if (value === undefined) return place;
      if (value.heat === 0 || step === STEPS_MAX) {
        this.#values.delete(key);
        this.#left(value);
        return place;
      }
      value.heat--;
    }
  }
}

const STEPS_MAX = 100;
