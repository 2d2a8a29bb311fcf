/** Whether a tag lies in a range (RFC 4647, 3.3.1): `de` takes in `de-at`, not the other way round. */
export const isInRange = (tag: string, range: string): boolean =>
  tag === range || tag.startsWith(`${range}-`);
