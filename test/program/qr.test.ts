import { expect, test } from "bun:test";
import { readImage } from "../features/qr/reading.ts";
import { startWaypost } from "./executable-server.ts";

const KEY = `codes-key-${"0".repeat(40)}`;

test("the executable draws codes in every format, letters and threads on board", async () => {
  const waypost = await startWaypost({ WAYPOST_SETUP_KEY: KEY, WAYPOST_BASE_URL: "http://links.test" });
  try {
    const drawn = async (query: string) => {
      const headers = { authorization: `Bearer ${KEY}`, host: "links.test" };
      const answer = await fetch(`${waypost.url}/api/v1/qr?url=https://example.com/&${query}`, { headers });
      return [answer.status, await answer.bytes()] as const;
    };
    for (const format of ["png", "webp", "jpeg"]) {
      const [status, bytes] = await drawn(`format=${format}&size=300&frame=below&dots=rounded`);
      expect([status, await readImage(bytes)]).toEqual([200, "https://example.com/"]);
    }
    for (const [format, begins] of [
      ["pdf", "%PDF"],
      ["svg", "<svg"],
    ] as const) {
      const [status, bytes] = await drawn(`format=${format}`);
      expect([status, new TextDecoder().decode(bytes.subarray(0, 4))]).toEqual([200, begins]);
    }
  } finally {
    await waypost.stop();
  }
}, 60_000);
