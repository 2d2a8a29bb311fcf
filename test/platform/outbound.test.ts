import { expect, test } from "bun:test";
import { VERSION } from "../../src/version.ts";
import { testApp } from "../support/app.ts";
import { answer, openReceiver } from "../support/receiver.ts";

test("the app's door opens what the configuration opens, and tells who asks", async () => {
  const receiver = await openReceiver(() => answer(200, "hello"));
  const url = `http://127.0.0.1:${receiver.port}/`;
  const closed = await testApp();
  const open = await testApp({ env: { WAYPOST_OUTBOUND_ALLOW: `127.0.0.1:${receiver.port}` } });
  await expect(closed.app.ports.outbound.request({ url, plain: true })).rejects.toMatchObject({
    kind: "refused",
  });
  expect((await open.app.ports.outbound.request({ url })).text()).toBe("hello");
  expect(receiver.requests).toHaveLength(1);
  expect(receiver.requests[0]).toContain(`user-agent: Waypost/${VERSION}\r\n`);
  await Promise.all([closed.close(), open.close(), receiver.close()]);
});
