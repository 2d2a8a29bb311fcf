import type { Id } from "../../src/lib/ids.ts";
import { newId } from "../../src/lib/ids.ts";
import type { People } from "../../src/platform/callers.ts";
import type { Role } from "../../src/platform/permissions.ts";
import type { TestApp } from "./app.ts";

/** People who sign in by saying so: for tests that are about what they may then do. */
export interface TestPeople extends People {
  /** The bearer token of an account that `addPerson` made. `provedAt` is when they last gave a password. */
  tokenOf(userId: Id<"usr">, provedAt: number | null, operator?: boolean): string;
}

export const testPeople = (): TestPeople => ({
  tokenOf: (userId, provedAt, operator = false) => `test-person.${userId}.${provedAt}.${operator}`,
  async byBearer(token) {
    const [kind, userId, provedAt, operator] = token.split(".");
    if (kind !== "test-person") return null;
    return {
      userId: userId as Id<"usr">,
      sessionId: newId("ses", 1),
      provedAt: provedAt === "null" ? null : Number(provedAt),
      operator: operator === "true",
      scopes: null,
    };
  },
  byCookie: async () => null,
});

/** An account, and a member of a workspace where one is named. */
export async function addPerson(
  { db, clock }: Pick<TestApp, "db" | "clock">,
  options: { readonly role?: Role; readonly workspaceId?: string; readonly operator?: boolean } = {},
): Promise<Id<"usr">> {
  const id = newId("usr", clock.now());
  const createdAt = clock.now();
  await db.transaction(async (tx) => {
    await tx.insert(db.tables.users).values({
      id,
      email: `${id}@example.com`,
      emailKey: `${id}@example.com`,
      operator: options.operator ?? false,
      createdAt,
      updatedAt: createdAt,
    });
    if (options.role)
      await tx.insert(db.tables.members).values({
        workspaceId: options.workspaceId as Id<"ws">,
        userId: id,
        role: options.role,
        createdAt,
      });
  });
  return id;
}
