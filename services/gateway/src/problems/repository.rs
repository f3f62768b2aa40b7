//! What the codes of the repository of commands mean.

pub(super) const MEANINGS: &[(&str, &str)] = &[
    (
        "allowed_values_missing",
        "A parameter of which one must choose says what there is to choose from.",
    ),
    (
        "bad_command",
        "(row of an import) this is no command as the JSON format has it.",
    ),
    (
        "bad_delimiter",
        "Between many values stand one to four signs of those that the answer names; others could end a command.",
    ),
    (
        "bad_file",
        "The file is not of its format (no JSON, not UTF-8, of an unknown version, or without a list of commands).",
    ),
    ("bad_format", "Format must be json, navi or tldr."),
    (
        "bad_param_name",
        "The name of a parameter is letters, digits and underscores, at most 40.",
    ),
    (
        "bad_pattern",
        "The pattern is no regular expression, or takes too much to match.",
    ),
    (
        "bad_platform",
        "The new command belongs to no platform that there is. Choose one from the list.",
    ),
    (
        "bad_template",
        "The command line cannot be read as a template: {{name}} is a place for a value, {{name...}} one for many, and \\{\\{ stands for the braces themselves. The answer says at which letter.",
    ),
    (
        "bad_text",
        "A text has letters that nobody sees (control characters, or ones that turn or hide text), several lines where one is wanted, or a comma in a word.",
    ),
    ("bad_user", "User must be the id of an account, or me."),
    (
        "bad_value",
        "The value has letters that cannot be filled in.",
    ),
    (
        "bad_values",
        "`values` (or `params` of a use) is not an object with a value for each parameter.",
    ),
    (
        "bad_word",
        "A field takes one of some words; the answer names them.",
    ),
    (
        "cannot_be_quoted",
        "The value holds a sign that cannot be written for this shell at this place (for the command prompt % \" !, for SQL a backslash, between brackets of SQL a bracket, for a line that a second program reads, such as ssh or sh -c, or in which bash computes with variables, all but numbers and plain words).",
    ),
    (
        "command_exists",
        "The platform has a command with the same line for the same shell already; the answer names its id. Use that one, or deprecate it first.",
    ),
    (
        "command_line_missing",
        "A command without a line is none. Fill in commandLine.",
    ),
    (
        "command_twice",
        "(row of an import) the file says the same command twice.",
    ),
    (
        "confirmation_required",
        "The command destroys something (its risk is destructive); fill it in again and say that you mean it: the box \"I mean it\" on the page, `\"confirm\": true` in the API.",
    ),
    (
        "export_too_large",
        "An export has at most 20,000 commands: ask for one platform.",
    ),
    (
        "how_to_missing",
        "A command says in one line what it does. Fill in howTo.",
    ),
    (
        "line_too_long",
        "The line that was filled in would be longer than 256 kB.",
    ),
    ("no_commands", "There is no command in the file."),
    ("not_a_bool", "The value is true or false."),
    (
        "not_a_draft_again",
        "A command that was published stays published or is deprecated; nothing becomes a draft again. Write a new draft instead.",
    ),
    ("not_a_number", "The value is a whole number."),
    (
        "not_a_path",
        "The value is the path of a file, in one line.",
    ),
    (
        "param_not_multivalued",
        "The line takes many values ({{name...}}) where the parameter has one. Make them agree.",
    ),
    ("param_twice", "Two parameters have the same name."),
    (
        "param_without_placeholder",
        "A parameter is described that the command line does not use. Take it out, or put {{its_name}} into the line.",
    ),
    (
        "params_too_large",
        "All texts of the parameters together are longer than 64 KiB.",
    ),
    (
        "placeholder_not_multivalued",
        "The parameter has many values where the line takes one. Write {{name...}}.",
    ),
    (
        "placeholder_without_param",
        "The command line has a place for a value that no parameter describes. Add the parameter, or write \\{\\{ if you mean braces.",
    ),
    (
        "platform_archived",
        "The platform is in the archive: its commands can be read and used, and neither changed nor added to. Somebody with the role infrastructure can bring the platform back first.",
    ),
    (
        "platform_missing",
        "Navi and tldr name no platform: say which one the commands are for (platform=).",
    ),
    (
        "secret_has_value",
        "A secret is written down nowhere, so it has no default and nothing to choose from.",
    ),
    (
        "text_too_long",
        "A text is longer than it may be; the answer says how long it may be.",
    ),
    ("too_many_commands", "A file has at most 10,000 commands."),
    ("too_many_params", "A command has at most 50 parameters."),
    (
        "too_many_values",
        "A parameter has at most 100 values to choose from.",
    ),
    (
        "too_many_words",
        "A command has at most 20 tags and 20 operating systems.",
    ),
    (
        "undo_is_itself",
        "A command cannot be what takes itself back.",
    ),
    (
        "undo_unknown",
        "The command that is to take this one back does not exist.",
    ),
    (
        "unsafe_template",
        "A value cannot be made safe where it stands in the template (behind a backslash or $, in backticks, in a here-document, in a comment, …); the message names the place; put the placeholder between quotes or rewrite the line.",
    ),
    (
        "value_missing",
        "A parameter that must be filled in has no value; all that are missing are named at once.",
    ),
    (
        "value_not_allowed",
        "The value is none of those that may be chosen.",
    ),
    (
        "value_not_like_pattern",
        "The value does not look as the pattern of its parameter says.",
    ),
    ("value_too_long", "A value has at most 4,000 letters."),
    ("value_twice", "The same value is there twice."),
    (
        "value_unknown",
        "A value is given for a parameter that the command does not have.",
    ),
];
