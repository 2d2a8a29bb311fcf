import { defineTask } from "../../platform/jobs/job.ts";
import type { Picture } from "./drawing.ts";
import type { ImageInput } from "./render.ts";
import type { SheetInput } from "./sheet.ts";

/** What takes a core for longer than a visitor should wait. */
export const renderImageTask = defineTask<ImageInput, Uint8Array<ArrayBuffer>>("qr.image");
export const renderSheetTask = defineTask<SheetInput, Uint8Array<ArrayBuffer>>("qr.sheet");
export const renderPictureTask = defineTask<{ readonly url: string; readonly path: string }, Picture>(
  "qr.picture",
);
