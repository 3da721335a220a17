/**
 * A mistake of the user's: an option, the config, a path, a dirty file. Printed in one line that
 * names the place and the mend; the exit code is 2.
 */
export class UserError extends Error {
  /**
   * @param place the file, option or path that is wrong
   * @param problem what is wrong with it
   * @param mend what to do about it
   */
  constructor(place: string, problem: string, mend?: string) {
    super(`${place}: ${problem}${mend ? `; ${mend}` : ""}`.replace(/\s+/g, " "));
    this.name = "UserError";
  }
}
