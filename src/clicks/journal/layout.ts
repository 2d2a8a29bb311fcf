/**
 * The journal on disk. A segment is a file of `SEGMENT_BYTES`: two copies of its header, then records, then
 * zeros. A record is a fixed part of `FIXED_BYTES` and its texts, padded with zeros to a multiple of 8, so that
 * a reader that lost its way finds the next one by looking at every eighth byte. Little-endian, as are all
 * machines the product is built for.
 *
 * Fixed part of a record, version 1:
 *
 *      0  u32  mark (upper half) and length in units of 8 bytes; written last, 0 until then
 *      4  u32  CRC-32 of bytes 8 to the end, seeded with the segment and the place (`seedAt`)
 *      8  u8   version
 *      9  u8   outcome      10  u8  trigger      11  u8  method
 *     12  u8   flags: 1 = opted out
 *     13  u8   bytes of the cut address: 0, 3 (IPv4) or 6 (IPv6)
 *     14  u16  length in units of 8 bytes, again
 *     16  u48  click id: milliseconds since 1970
 *     22  u80  click id: chance
 *     32  u64  visitor, 0 when unknown
 *     40  u32  version of the link
 *     44  6 B  cut address
 *     50  u16  bytes of user agent      52  u16  referrer      54  u16  query
 *     56  u8   bytes of workspace id    57  u8   domain id     58  u8   link id    59  u8  rule id
 *     60  u8   variant id               61  u8   language      62  u8   purpose    63  zero
 *     64       the texts in UTF-8: workspace, domain, link, rule, variant, language, purpose, agent, referrer, query
 */
export const RECORD_VERSION = 1;
export const FIXED_BYTES = 64;
/** Upper half of a record's first word: "WC". */
export const RECORD_MARK = 0x5743;
export const FLAG_OPTED_OUT = 1;

export const ID_BYTES_MAX = 64;
export const AGENT_BYTES_MAX = 512;
export const REFERRER_BYTES_MAX = 1024;
export const QUERY_BYTES_MAX = 1024;
export const LANGUAGE_BYTES_MAX = 64;
export const PURPOSE_BYTES_MAX = 64;
/** No record is longer. */
export const RECORD_BYTES_MAX =
  FIXED_BYTES +
  5 * ID_BYTES_MAX +
  AGENT_BYTES_MAX +
  REFERRER_BYTES_MAX +
  QUERY_BYTES_MAX +
  LANGUAGE_BYTES_MAX +
  PURPOSE_BYTES_MAX;

export const SEGMENT_BYTES = 8 * 1024 * 1024;
/** Version of the file around the records. */
export const SEGMENT_VERSION = 1;
export const HEADER_COPY_BYTES = 64;
/** Where the first record begins. */
export const HEADER_BYTES = 2 * HEADER_COPY_BYTES;

/**
 * What a record's CRC starts from: it belongs to one place in one segment, so bytes that strayed there from
 * another segment, or from elsewhere in this one, are never taken for a click.
 */
export const seedAt = (segmentSeed: number, offset: number): number => (segmentSeed + offset) >>> 0;
