/** What went wrong, as a sentence for the person in front of the page. */
export function problemOf(error: unknown): string {
  // What browsers throw when there is no connection.
  if (error instanceof TypeError) return "The server cannot be reached. Check the connection and try again.";
  return error instanceof Error && error.message !== "" ? error.message : "Something went wrong.";
}
