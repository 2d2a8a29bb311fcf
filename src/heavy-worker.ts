import { standBack } from "./lib/stand-back.ts";
import { selfTest, sum } from "./platform/worker/self-test.ts";
import { serveTasks } from "./platform/worker/threads.ts";

standBack();

/**
 * An entry point of its own in the executable: the thread that CPU-heavy tasks run on. A task's code is named here, by
 * the name its `defineTask` has, and is loaded when it is asked for. It has no ports: no database, no network.
 */
serveTasks({
  [selfTest.name]: async () => sum,
  "qr.image": async () => (await import("./features/qr/render.ts")).renderImage,
  "qr.picture": async () => (await import("./features/qr/render.ts")).renderPicture,
  "qr.sheet": async () => (await import("./features/qr/sheet.ts")).renderSheet,
});
