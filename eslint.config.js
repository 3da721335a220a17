import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "build", "fixtures", "coverage", "bench/peers", "codemod", "examples/*/"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Name the export." },
      ],
    },
  },
  {
    files: ["*.config.{js,ts}", "examples/*.ts", "demo/*.config.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.cts"],
    rules: { "@typescript-eslint/no-require-imports": ["error", { allowAsImport: true }] },
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
);
