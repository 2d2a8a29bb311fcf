import { createHash, type KeyObject, verify } from "node:crypto";

/** Checks a DKIM signature by RFC 6376 with relaxed canonicalization, as a receiver does. */
export function dkimHolds(
  raw: string,
  publicKey: KeyObject,
): { domain: string; selector: string; holds: boolean } {
  const at = raw.indexOf("\r\n\r\n");
  const headers = raw
    .slice(0, at)
    .split(/\r\n(?![ \t])/)
    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const);
  const signature = headers.find(([name]) => name.toLowerCase() === "dkim-signature")![1];
  const tags = Object.fromEntries(
    signature
      .replace(/\s+/g, "")
      .split(";")
      .filter((tag) => tag !== "")
      .map((tag) => [tag.slice(0, tag.indexOf("=")), tag.slice(tag.indexOf("=") + 1)]),
  );
  const body = `${raw
    .slice(at + 4)
    .split("\r\n")
    .map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""))
    .join("\r\n")
    .replace(/(\r\n)*$/, "")}\r\n`;
  const bodyHash = createHash("sha256").update(body).digest("base64");
  const relaxed = (name: string, value: string) =>
    `${name.toLowerCase().trim()}:${value
      .replace(/\r\n/g, "")
      .replace(/[ \t]+/g, " ")
      .trim()}`;
  const signed = [
    ...tags["h"]!.split(":").map((name) => {
      const found = headers.findLast(([one]) => one.toLowerCase() === name.toLowerCase());
      return found ? `${relaxed(name, found[1])}\r\n` : "";
    }),
    relaxed("dkim-signature", signature.replace(/(\bb=)[^;]*/, "$1")),
  ].join("");
  return {
    domain: tags["d"]!,
    selector: tags["s"]!,
    holds:
      tags["bh"] === bodyHash &&
      verify("sha256", Buffer.from(signed), publicKey, Buffer.from(tags["b"]!, "base64")),
  };
}
