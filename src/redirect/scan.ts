/**
 * Addresses in our QR codes end in `?qr=1`. It is for us: such a visit counts as a scan, and the destination is not
 * handed the parameter, nor is it kept with the click.
 */
export const isScan = (query: string): boolean =>
  query === SCANNED || (query.includes(SCANNED) && query.split("&").includes(SCANNED));

export const withoutScan = (query: string): string =>
  query
    .split("&")
    .filter((pair) => pair !== SCANNED)
    .join("&");

const SCANNED = "qr=1";
