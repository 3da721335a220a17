import { idOf, proposal, type Detector } from "./detector.js";
import { namedFunctions } from "./named-functions.js";
import { modulesFor } from "./runs.js";

/** `getAuthOptions` says how to ask, and not who. */
const SAYS_WHO =
  /^(get|require|resolve)(Server)?(Auth|Session|CurrentUser)(User|Info|Context|State|OrThrow|OrNull|OrRedirect|FromRequest|FromHeaders)*$/;

/** Functions that say who asks. */
export const users: Detector = {
  finds: "functions that say who asks",
  needles: ["userId", "user"],
  find: (source) => {
    return namedFunctions(source, (name) => SAYS_WHO.test(name)).flatMap(({ node, name, at }) => {
      const text = node.getText(source.file);
      const user = /\buserId\b/.test(text) ? "userId" : /\bid:/.test(text) ? "id" : null;
      if (user === null) return [];
      return [
        proposal(source, node, 1, "who asks becomes known here", {
          id: idOf(name),
          use: "user-context",
          phase: 4,
          at,
          user,
          dir: modulesFor(source),
        }),
      ];
    });
  },
};
