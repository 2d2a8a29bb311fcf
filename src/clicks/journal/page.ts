/** A buffer's text methods without the checks of `write` and `toString`; both halve the cost of a short text. */
export type TextBuffer = Buffer & {
  utf8Write(text: string, offset: number, lengthMax: number): number;
  utf8Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number, lengthMax: number): number;
  latin1Slice(start: number, end: number): string;
};

/** Memory that records are written to: a mapped segment, or a scratch area. */
export interface Page {
  readonly bytes: TextBuffer;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  /** The same memory as `words`, for atomic stores. */
  readonly marks: Int32Array;
}

/** Views on memory that begins at a multiple of 8. */
export function pageOver(memory: Uint8Array): Page {
  const { buffer, byteOffset, byteLength } = memory;
  return {
    bytes: Buffer.from(buffer, byteOffset, byteLength) as TextBuffer,
    halves: new Uint16Array(buffer, byteOffset, byteLength >> 1),
    words: new Uint32Array(buffer, byteOffset, byteLength >> 2),
    marks: new Int32Array(buffer, byteOffset, byteLength >> 2),
  };
}
