import { expect, test } from "bun:test";
import { freshPostgresUrl, postgresServer } from "../support/postgres.ts";
import { freshFolder } from "../support/sqlite.ts";
import { count, drive, killJobs } from "./jobs-kill.ts";

const KILLS = Math.min(40, Number(process.env["TEST_KILLS"] ?? 8));

test("a job runs at least once if its change was committed, and never otherwise, through kills at any moment", async () => {
  const result = await killJobs(freshFolder(), KILLS, KILLS * 400, 7);
  const { forgotten, lost, ghosts, dead, committed, runTwice } = result;
  expect({ forgotten, lost, ghosts, dead }).toEqual({ forgotten: [], lost: [], ghosts: [], dead: 0 });
  expect(committed).toBeGreaterThan(KILLS * 5);
  // Only what ran in the very moment of a kill may run again.
  expect(runTwice).toBeLessThanOrEqual(KILLS * 50);
}, 60_000);

const withPostgres = (await postgresServer()) ? test : test.skip;

withPostgres(
  "two processes on one Postgres run each job once, and a periodic job once in each slot",
  async () => {
    const [folder, url] = [freshFolder(), await freshPostgresUrl("migrated")];
    const acknowledged = new Set<string>();
    const drivers = ["a", "b"].map((life) => drive(folder, life, 600, url, acknowledged));
    await Promise.all(drivers.map(({ said }) => said("idle")));
    await Bun.sleep(3500);
    for (const { child } of drivers) child.kill("SIGTERM");
    await Promise.all(drivers.map(({ ended }) => ended));
    const { lost, ghosts, runTwice, slots, slotsTwice, committed } = await count(
      folder,
      url,
      0,
      acknowledged,
    );
    expect({ lost, ghosts, runTwice, slotsTwice }).toEqual({
      lost: [],
      ghosts: [],
      runTwice: 0,
      slotsTwice: 0,
    });
    expect(committed).toBe(900);
    expect(slots).toBeGreaterThanOrEqual(3);
  },
  60_000,
);
