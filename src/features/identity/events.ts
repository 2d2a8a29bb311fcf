import { defineEvent } from "../../platform/events.ts";
import { User } from "./model.ts";

export const userCreated = defineEvent("user.created", User);
