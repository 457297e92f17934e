# The functions of nixpkgs' lib whose results cargonix has to know, and those of flake-utils. See lib.md for which and why.
# `opaque` is lib as it is known from outside: its attributes are functions that stay calls. `isKnownNull` is false for what is not known.
{ opaque, isKnownNull }:
let
  inherit (builtins)
    all any attrNames attrValues concatLists concatMap concatStringsSep elem elemAt filter foldl' functionArgs genList getAttr hasAttr
    head intersectAttrs isAttrs isFunction isList isPath isString length listToAttrs mapAttrs replaceStrings stringLength substring tail;

  trivial = rec {
    id = x: x;
    const = x: _: x;
    pipe = foldl' (x: f: f x);
    concat = x: y: x ++ y;
    or = x: y: x || y;
    and = x: y: x && y;
    xor = x: y: x != y;
    flip = f: a: b: f b a;
    mapNullable = f: a: if a == null then a else f a;
    defaultTo = default: x: if x == null then default else x;
    min = x: y: if x < y then x else y;
    max = x: y: if x > y then x else y;
    mod = base: int: base - int * (base / int);
    compare = a: b: if a < b then -1 else if a > b then 1 else 0;
    boolToString = b: if b then "true" else "false";
    mergeAttrs = x: y: x // y;
    warn = _: x: x;
    warnIf = cond: _: x: if cond then x else x;
    warnIfNot = cond: _: x: if cond then x else x;
    throwIf = cond: message: if cond then throw message else x: x;
    throwIfNot = cond: message: if cond then x: x else throw message;
    assertMsg = pred: message: pred || throw message;
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    importTOML = path: builtins.fromTOML (builtins.readFile path);
    isFunction = f: builtins.isFunction f || (f ? __functor && lib.isFunction (f.__functor f));
    functionArgs = f: if f ? __functor then f.__functionArgs or (lib.functionArgs (f.__functor f)) else builtins.functionArgs f;
    setFunctionArgs = f: args: { __functor = _: f; __functionArgs = args; };
    toFunction = v: if lib.isFunction v then v else _: v;
    version = opaque.version;
    inNixShell = false;
    inPureEvalMode = true;
  };

  fixedPoints = rec {
    fix = f: let x = f x; in x;
    converge = f: x: let next = f x; in if next == x then x else converge f next;
    extends = overlay: f: final: let prev = f final; in prev // overlay final prev;
    composeExtensions = f: g: final: prev: let
      one = f final prev;
      two = g final (prev // one);
    in one // two;
    composeManyExtensions = foldr composeExtensions (_: _: { });
    makeExtensible = makeExtensibleWithCustomName "extend";
    makeExtensibleWithCustomName = name: f: fix (self: f self // { ${name} = g: makeExtensibleWithCustomName name (extends g f); });
    toExtension = f:
      if lib.isFunction f then
        final: prev: let given = f prev; in if lib.isFunction given then f final prev else given
      else
        _: _: f;
  };

  foldr = op: last: list: let
    count = length list;
    go = n: if n == count then last else op (elemAt list n) (go (n + 1));
  in go 0;

  lists = rec {
    inherit foldr;
    fold = foldr;
    foldl = op: first: list: foldl' op first list;
    foldl' = op: first: list: builtins.foldl' op first list;
    singleton = x: [ x ];
    forEach = list: f: map f list;
    optional = cond: x: if cond then [ x ] else [ ];
    optionals = cond: list: if cond then list else [ ];
    toList = x: if isList x then x else [ x ];
    flatten = x: if isList x then concatMap flatten x else [ x ];
    remove = x: filter (y: y != x);
    count = pred: foldl' (n: x: if pred x then n + 1 else n) 0;
    findSingle = pred: default: multiple: list: let
      found = filter pred list;
    in if found == [ ] then default else if length found > 1 then multiple else head found;
    findFirst = pred: default: list: let
      found = filter pred list;
    in if found == [ ] then default else head found;
    range = first: last: if first > last then [ ] else genList (n: first + n) (last - first + 1);
    replicate = n: x: genList (_: x) n;
    imap0 = f: list: genList (n: f n (elemAt list n)) (length list);
    imap1 = f: list: genList (n: f (n + 1) (elemAt list n)) (length list);
    reverseList = list: let count = length list; in genList (n: elemAt list (count - n - 1)) count;
    last = list: if list == [ ] then throw "lists.last: list must not be empty!" else elemAt list (length list - 1);
    init = list: if list == [ ] then throw "lists.init: list must not be empty!" else take (length list - 1) list;
    take = sublist 0;
    drop = n: list: sublist n (length list) list;
    sublist = start: count: list: let
      size = length list;
      rest = if start >= size then 0 else if start + count > size then size - start else count;
    in genList (n: elemAt list (n + start)) rest;
    unique = foldl' (seen: x: if elem x seen then seen else seen ++ [ x ]) [ ];
    allUnique = list: length (unique list) == length list;
    intersectLists = a: filter (x: elem x a);
    subtractLists = a: filter (x: !(elem x a));
    mutuallyExclusive = a: b: length a == 0 || !(any (x: elem x a) b);
    zipListsWith = f: a: b: genList (n: f (elemAt a n) (elemAt b n)) (trivial.min (length a) (length b));
    zipLists = zipListsWith (fst: snd: { inherit fst snd; });
    crossLists = f: foldl' (fs: args: concatMap (f: map f args) fs) [ f ];
    sortOn = f: list: map (p: p.x) (builtins.sort (a: b: a.key < b.key) (map (x: { key = f x; inherit x; }) list));
  };

  attrsets = rec {
    nameValuePair = name: value: { inherit name value; };
    optionalAttrs = cond: set: if cond then set else { };
    attrByPath = path: default: set:
      if path == [ ] then set
      else if isAttrs set && hasAttr (head path) set then attrByPath (tail path) default set.${head path}
      else default;
    hasAttrByPath = path: set: path == [ ] || (isAttrs set && hasAttr (head path) set && hasAttrByPath (tail path) set.${head path});
    getAttrFromPath = path: set: attrByPath path (abort "cannot find attribute") set;
    setAttrByPath = path: value: if path == [ ] then value else { ${head path} = setAttrByPath (tail path) value; };
    attrVals = names: set: map (name: set.${name}) names;
    getAttrs = names: set: listToAttrs (map (name: nameValuePair name set.${name}) names);
    catAttrs = builtins.catAttrs;
    filterAttrs = pred: set: removeAttrs set (filter (name: !(pred name set.${name})) (attrNames set));
    filterAttrsRecursive = pred: set: mapAttrs (_: v: if isAttrs v then filterAttrsRecursive pred v else v) (filterAttrs pred set);
    genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
    genAttrs' = list: f: listToAttrs (map f list);
    mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
    mapAttrsToList = f: set: attrValues (mapAttrs f set);
    attrsToList = mapAttrsToList nameValuePair;
    concatMapAttrs = f: set: mergeAttrsList (mapAttrsToList f set);
    mergeAttrsList = foldl' (a: b: a // b) { };
    concatAttrValues = set: concatLists (attrValues set);
    foldlAttrs = f: first: set: foldl' (acc: name: f acc name set.${name}) first (attrNames set);
    foldAttrs = op: last: foldr (set: acc: foldr (name: acc: acc // { ${name} = op set.${name} (acc.${name} or last); }) acc (attrNames set)) { };
    collect = pred: x: if pred x then [ x ] else if isAttrs x then concatMap (collect pred) (attrValues x) else [ ];
    mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
    mapAttrsRecursiveCond = cond: f: let
      go = path: mapAttrs (name: v: if isAttrs v && cond v then go (path ++ [ name ]) v else f (path ++ [ name ]) v);
    in go [ ];
    cartesianProduct = sets: foldl' (list: name: concatMap (set: map (v: set // { ${name} = v; }) sets.${name}) list) [ { } ] (attrNames sets);
    mapCartesianProduct = f: sets: map f (cartesianProduct sets);
    zipAttrsWith = builtins.zipAttrsWith;
    zipAttrs = builtins.zipAttrsWith (_: values: values);
    zipAttrsWithNames = names: f: sets: listToAttrs (map (name: { inherit name; value = f name (builtins.catAttrs name sets); }) names);
    # A set that is not known in full is merged all the same, so its layers stay apart.
    recursiveUpdate = recursiveUpdateUntil (_: a: b: !(isAttrs a && isAttrs b));
    recursiveUpdateUntil = pred: left: right: let
      go = path: l: r: l // mapAttrs (name: new:
        if l ? ${name} && !(pred (path ++ [ name ]) l.${name} new) then go (path ++ [ name ]) l.${name} new else new) r;
    in go [ ] left right;
    matchAttrs = pattern: set: all (name:
      hasAttr name set
      && (if isAttrs pattern.${name} then isAttrs set.${name} && matchAttrs pattern.${name} set.${name} else pattern.${name} == set.${name})
    ) (attrNames pattern);
    overrideExisting = old: new: mapAttrs (name: v: new.${name} or v) old;
    isDerivation = v: v.type or null == "derivation";
    recurseIntoAttrs = set: set // { recurseForDerivations = true; };
    dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };
    unionOfDisjoint = a: b: a // b;
    showAttrPath = path: if path == [ ] then "<root attribute path>" else concatStringsSep "." path;
    inherit (opaque) getBin getDev getLib getMan getOutput getInclude getStatic toDerivation updateManyAttrsByPath;
  };

  lower = strings.stringToCharacters "abcdefghijklmnopqrstuvwxyz";
  upper = strings.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

  strings = rec {
    concatStrings = concatStringsSep "";
    join = concatStringsSep;
    concatMapStrings = f: list: concatStrings (map f list);
    concatMapStringsSep = sep: f: list: concatStringsSep sep (map f list);
    concatImapStrings = f: list: concatStrings (lists.imap1 f list);
    concatImapStringsSep = sep: f: list: concatStringsSep sep (lists.imap1 f list);
    concatMapAttrsStringSep = sep: f: set: concatStringsSep sep (attrsets.mapAttrsToList f set);
    concatLines = concatMapStrings (line: "${line}\n");
    intersperse = sep: list: if list == [ ] || length list == 1 then list else tail (concatMap (x: [ sep x ]) list);
    optionalString = cond: string: if cond then string else "";
    replaceString = from: to: replaceStrings [ from ] [ to ];
    stringToCharacters = s: genList (n: substring n 1 s) (stringLength s);
    stringAsChars = f: s: concatStrings (map f (stringToCharacters s));
    hasPrefix = prefix: s: substring 0 (stringLength prefix) s == prefix;
    hasSuffix = suffix: s: let
      n = stringLength s;
      k = stringLength suffix;
    in n >= k && substring (n - k) n s == suffix;
    hasInfix = infix: s: replaceStrings [ infix ] [ "" ] s != s || infix == "";
    removePrefix = prefix: s: if hasPrefix prefix s then substring (stringLength prefix) (-1) s else s;
    removeSuffix = suffix: s: if hasSuffix suffix s then substring 0 (stringLength s - stringLength suffix) s else s;
    splitString = sep: s: filter isString (builtins.split (escapeRegex (toString sep)) (toString s));
    trim = s: let
      m = builtins.match "[ \t\r\n]*(.*[^ \t\r\n])[ \t\r\n]*" s;
    in if m == null then "" else head m;
    escape = list: replaceStrings list (map (c: "\\${c}") list);
    escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
    escapeShellArg = arg: let
      string = toString arg;
    in if builtins.match "[[:alnum:],._+:@%/-]+" string == null then "'${replaceStrings [ "'" ] [ "'\\''" ] string}'" else string;
    escapeShellArgs = concatMapStringsSep " " escapeShellArg;
    isValidPosixName = name: builtins.match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;
    toShellVar = name: value:
      if isAttrs value && !(isStringLike value) then
        "declare -A ${name}=(${concatStringsSep " " (attrsets.mapAttrsToList (n: v: "[${escapeShellArg n}]=${escapeShellArg v}") value)})"
      else if isList value then
        "declare -a ${name}=(${escapeShellArgs value})"
      else
        "${name}=${escapeShellArg value}";
    toShellVars = vars: concatStringsSep "\n" (attrsets.mapAttrsToList toShellVar vars);
    escapeNixString = s: escape [ "$" ] (builtins.toJSON s);
    toLower = replaceStrings upper lower;
    toUpper = replaceStrings lower upper;
    lowerChars = lower;
    upperChars = upper;
    isStringLike = x: isString x || isPath x || x ? outPath || x ? __toString;
    versionOlder = a: b: builtins.compareVersions b a == 1;
    versionAtLeast = a: b: !(versionOlder a b);
    getName = x: if isString x then (builtins.parseDrvName x).name else x.pname or (builtins.parseDrvName x.name).name;
    getVersion = x: if isString x then (builtins.parseDrvName x).version else x.version or (builtins.parseDrvName x.name).version;
    makeSearchPath = dir: paths: concatStringsSep ":" (map (path: path + "/" + dir) (filter (x: !(isKnownNull x)) paths));
    makeSearchPathOutput = output: dir: packages: makeSearchPath dir (map (opaque.getOutput output) packages);
    makeLibraryPath = packages: makeSearchPath "lib" (map opaque.getLib packages);
    makeBinPath = packages: makeSearchPath "bin" (map opaque.getBin packages);
    makeIncludePath = packages: makeSearchPath "include" (map opaque.getInclude packages);
    fileContents = file: removeSuffix "\n" (builtins.readFile file);
    fixedWidthString = width: filler: s: let
      missing = width - stringLength s;
    in if missing <= 0 then s else concatStrings (lists.replicate missing filler) + s;
    fixedWidthNumber = width: n: fixedWidthString width "0" (toString n);
    enableFeature = flag: feature: "--${if flag then "enable" else "disable"}-${feature}";
    withFeature = flag: feature: "--${if flag then "with" else "without"}-${feature}";
    enableFeatureAs = flag: feature: value: enableFeature flag feature + optionalString flag "=${value}";
    withFeatureAs = flag: feature: value: withFeature flag feature + optionalString flag "=${value}";
    toSentenceCase = s: toUpper (substring 0 1 s) + toLower (substring 1 (-1) s);
    charToInt = opaque.strings.charToInt;
    inherit (opaque) toInt toIntBase10 toCamelCase escapeXML escapeURL trimWith;
    inherit (opaque.strings) escapeNixIdentifier escapeC sanitizeDerivationName normalizePath;
  };

  versions = rec {
    splitVersion = builtins.splitVersion;
    major = v: elemAt (builtins.splitVersion v) 0;
    minor = v: elemAt (builtins.splitVersion v) 1;
    patch = v: elemAt (builtins.splitVersion v) 2;
    majorMinor = v: concatStringsSep "." (lists.take 2 (builtins.splitVersion v));
  };

  customisation = rec {
    makeOverridable = f: args: f args // {
      override = new: makeOverridable f (args // (if builtins.isFunction new then new args else new));
    };
    callPackageWith = auto: fn: args: let
      f = if lib.isFunction fn then fn else import fn;
    in makeOverridable f (intersectAttrs (lib.functionArgs f) auto // args);
    makeScope = newScope: f: let
      self = { callPackage = self.newScope { }; } // f self // {
        newScope = scope: newScope (self // scope);
        overrideScope = g: makeScope newScope (fixedPoints.extends g f);
        packages = f;
      };
    in self;
    hydraJob = x: x;
    inherit (opaque) overrideDerivation extendDerivation callPackagesWith;
  };

  modules = {
    mkIf = condition: content: { _type = "if"; inherit condition content; };
    mkMerge = contents: { _type = "merge"; inherit contents; };
    mkOverride = priority: content: { _type = "override"; inherit priority content; };
    mkForce = content: { _type = "override"; priority = 50; inherit content; };
    mkDefault = content: { _type = "override"; priority = 1000; inherit content; };
    mkOptionDefault = content: { _type = "override"; priority = 1500; inherit content; };
    mkOption = attrs: attrs // { _type = "option"; };
  };

  builtinNames = {
    inherit (builtins)
      add all any attrNames attrValues bitAnd bitOr bitXor ceil compareVersions concatLists concatMap concatStringsSep deepSeq div elem elemAt
      filter floor fromJSON fromTOML genList genericClosure getAttr groupBy hasAttr hashString head intersectAttrs isAttrs isBool isFloat isInt
      isList isPath isString length lessThan listToAttrs match mul parseDrvName partition pathExists readDir readFile readFileType
      replaceStrings seq sort split splitVersion stringLength sub substring tail toJSON trace tryEval typeOf unsafeDiscardStringContext
      addErrorContext;
    inherit baseNameOf dirOf removeAttrs toString map mapAttrs;
  };

  fakes = {
    fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    fakeSha256 = "0000000000000000000000000000000000000000000000000000000000000000";
    fakeSha512 = strings.concatStrings (lists.replicate 128 "0");
  };

  lib = builtinNames // trivial // fixedPoints // lists // removeAttrs attrsets [ "unionOfDisjoint" ]
    // removeAttrs strings [ "charToInt" "escapeNixIdentifier" "escapeC" "sanitizeDerivationName" "normalizePath" ]
    // customisation // modules // fakes // {
      inherit versions trivial fixedPoints customisation modules;
      lists = builtinNames // lists;
      attrsets = builtinNames // attrsets;
      strings = builtinNames // strings;
      meta = { inherit (opaque) getExe getExe' hiPrio lowPrio setPrio addMetaAttrs platformMatch availableOn; };
    };

  # flake-utils
  utils = systems: rec {
    defaultSystems = systems;
    allSystems = systems;
    system = mapAttrs (name: _: name) (attrsets.genAttrs systems (_: null));
    eachSystem = systems: f: foldl' (acc: system: let
      outputs = f system;
    in foldl' (acc: key: acc // { ${key} = acc.${key} or { } // { ${system} = outputs.${key}; }; }) acc (attrNames outputs)) { } systems;
    eachDefaultSystem = eachSystem defaultSystems;
    eachSystemMap = systems: f: attrsets.genAttrs systems f;
    eachDefaultSystemMap = eachSystemMap defaultSystems;
    eachSystemPassThrough = systems: f: foldl' (acc: system: acc // f system) { } systems;
    eachDefaultSystemPassThrough = eachSystemPassThrough defaultSystems;
    mkApp = { drv, name ? drv.pname or drv.name, exePath ? drv.passthru.exePath or "/bin/${name}" }: {
      type = "app";
      program = "${drv}${exePath}";
    };
    filterPackages = _: packages: packages;
    flattenTree = tree: tree;
  };
in
{ inherit lib utils; }
