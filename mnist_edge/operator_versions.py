"""The newest version of each operator that runtimes have, and what they cannot do with it, found by trying.

Each runtime was asked to open a file that names an operator in versions 1 to 25: it refuses those that it lacks. None
of these releases leaves out a version in between. Then networks with the usual layers, in every precision, were run.
"""

from types import MappingProxyType

# TensorFlow Lite Micro, for microcontrollers, as its package on PyPI has it.
MICRO = "tflite-micro==0.dev20261023182759"
# Releases that were asked, in the order of the columns below.
RELEASES = ("ai-edge-litert==2.3.0", "tflite-runtime==2.14.0", "tensorflow==2.21.0", MICRO)
# What a release makes of an operator that it has: it refuses the file or ends the run, or it computes garbage.
FAILS, GARBAGE = "it cannot compute that", "it loads and computes garbage"
_OLD = "tflite-runtime==2.14.0"
# By name and `compat.Operator.takes`.
GAPS = MappingProxyType({
    ("TILE", "int16"): {_OLD: FAILS, "tensorflow==2.21.0": FAILS},
    ("TRANSPOSE_CONV", "float32, int8"): {_OLD: FAILS, MICRO: FAILS},
    # Only the first of its outputs is right.
    ("FULLY_CONNECTED", "int16, int8, several axes and a bias"): {_OLD: GARBAGE},
    ("CONV_2D", "float32, int8"): {MICRO: FAILS},
    ("DEPTHWISE_CONV_2D", "float32, int8"): {MICRO: FAILS},
    ("FULLY_CONNECTED", "float32, int8"): {MICRO: FAILS},
    ("FULLY_CONNECTED", "float32, int8, several axes and a bias"): {MICRO: FAILS},
    ("DEQUANTIZE", "float16"): {MICRO: FAILS},
    ("RESIZE_BILINEAR", "int16"): {MICRO: FAILS},
    ("REDUCE_MAX", "int16"): {MICRO: FAILS},
    ("EXP", "int8"): {MICRO: FAILS},
    ("EXP", "int16"): {MICRO: FAILS},
})  # fmt: skip
# By name: the member of TFLite's `BuiltinOperator`, then the newest version in each release; 0 where it has none, 99
# where it does not look at versions.
OPERATORS = MappingProxyType({
    "ADD": (0, 6, 5, 5, 99), "AVERAGE_POOL_2D": (1, 3, 3, 3, 99), "CONCATENATION": (2, 7, 4, 5, 99),
    "CONV_2D": (3, 8, 7, 8, 99), "DEPTHWISE_CONV_2D": (4, 7, 7, 7, 99), "DEPTH_TO_SPACE": (5, 2, 2, 2, 99),
    "DEQUANTIZE": (6, 9, 5, 7, 99), "EMBEDDING_LOOKUP": (7, 5, 3, 5, 99), "FLOOR": (8, 1, 1, 1, 99),
    "FULLY_CONNECTED": (9, 14, 10, 14, 99), "HASHTABLE_LOOKUP": (10, 1, 1, 1, 0), "L2_NORMALIZATION": (11, 2, 2, 2, 99),
    "L2_POOL_2D": (12, 1, 1, 1, 99), "LOCAL_RESPONSE_NORMALIZATION": (13, 1, 1, 1, 0), "LOGISTIC": (14, 3, 3, 3, 99),
    "LSH_PROJECTION": (15, 1, 1, 1, 0), "LSTM": (16, 4, 4, 4, 0), "MAX_POOL_2D": (17, 3, 3, 3, 99),
    "MUL": (18, 8, 7, 7, 99), "RELU": (19, 3, 3, 3, 99), "RELU_N1_TO_1": (20, 1, 1, 1, 0), "RELU6": (21, 3, 3, 3, 99),
    "RESHAPE": (22, 1, 1, 1, 99), "RESIZE_BILINEAR": (23, 4, 4, 4, 99), "RNN": (24, 3, 3, 3, 0),
    "SOFTMAX": (25, 4, 3, 3, 99), "SPACE_TO_DEPTH": (26, 2, 2, 2, 99), "SVDF": (27, 4, 4, 4, 99),
    "TANH": (28, 3, 3, 3, 99), "SKIP_GRAM": (30, 1, 1, 1, 0), "EMBEDDING_LOOKUP_SPARSE": (33, 1, 1, 1, 0),
    "PAD": (34, 6, 4, 5, 99), "UNIDIRECTIONAL_SEQUENCE_RNN": (35, 3, 3, 3, 0), "GATHER": (36, 8, 6, 7, 99),
    "BATCH_TO_SPACE_ND": (37, 4, 4, 4, 99), "SPACE_TO_BATCH_ND": (38, 4, 4, 4, 99), "TRANSPOSE": (39, 9, 6, 7, 99),
    "MEAN": (40, 3, 3, 3, 99), "SUB": (41, 5, 5, 5, 99), "DIV": (42, 2, 2, 2, 99), "SQUEEZE": (43, 2, 2, 2, 99),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (44, 4, 4, 4, 99), "STRIDED_SLICE": (45, 8, 8, 8, 99),
    "BIDIRECTIONAL_SEQUENCE_RNN": (46, 3, 3, 3, 0), "EXP": (47, 2, 2, 2, 99), "TOPK_V2": (48, 3, 3, 3, 0),
    "SPLIT": (49, 5, 4, 4, 99), "LOG_SOFTMAX": (50, 2, 2, 2, 99), "BIDIRECTIONAL_SEQUENCE_LSTM": (52, 3, 3, 3, 0),
    "CAST": (53, 9, 5, 8, 99), "PRELU": (54, 1, 1, 1, 99), "MAXIMUM": (55, 4, 4, 4, 99), "ARG_MAX": (56, 3, 3, 3, 99),
    "MINIMUM": (57, 4, 4, 4, 99), "LESS": (58, 3, 3, 3, 99), "NEG": (59, 1, 1, 1, 99), "PADV2": (60, 6, 4, 5, 99),
    "GREATER": (61, 2, 2, 2, 99), "GREATER_EQUAL": (62, 3, 3, 3, 99), "LESS_EQUAL": (63, 2, 2, 2, 99),
    "SELECT": (64, 4, 4, 4, 0), "SLICE": (65, 8, 6, 7, 99), "SIN": (66, 2, 1, 1, 99),
    "TRANSPOSE_CONV": (67, 5, 4, 5, 99), "SPARSE_TO_DENSE": (68, 3, 3, 3, 0), "TILE": (69, 3, 3, 3, 0),
    "EXPAND_DIMS": (70, 1, 1, 1, 99), "EQUAL": (71, 5, 4, 5, 99), "NOT_EQUAL": (72, 4, 3, 4, 99),
    "LOG": (73, 2, 1, 2, 99), "SUM": (74, 2, 2, 2, 99), "SQRT": (75, 2, 1, 2, 99), "RSQRT": (76, 3, 2, 3, 99),
    "SHAPE": (77, 1, 1, 1, 99), "POW": (78, 1, 1, 1, 0), "ARG_MIN": (79, 3, 3, 3, 99), "FAKE_QUANT": (80, 2, 2, 2, 0),
    "REDUCE_PROD": (81, 2, 2, 2, 0), "REDUCE_MAX": (82, 3, 3, 3, 99), "PACK": (83, 5, 4, 4, 99),
    "LOGICAL_OR": (84, 1, 1, 1, 99), "ONE_HOT": (85, 1, 1, 1, 0), "LOGICAL_AND": (86, 1, 1, 1, 99),
    "LOGICAL_NOT": (87, 1, 1, 1, 99), "UNPACK": (88, 6, 4, 4, 99), "REDUCE_MIN": (89, 3, 3, 3, 99),
    "FLOOR_DIV": (90, 3, 3, 3, 99), "REDUCE_ANY": (91, 1, 1, 1, 0), "SQUARE": (92, 1, 1, 1, 99),
    "ZEROS_LIKE": (93, 1, 1, 1, 99), "FILL": (94, 5, 4, 4, 99), "FLOOR_MOD": (95, 2, 2, 2, 99),
    "RANGE": (96, 2, 2, 2, 0), "RESIZE_NEAREST_NEIGHBOR": (97, 4, 4, 4, 99), "LEAKY_RELU": (98, 2, 2, 2, 99),
    "SQUARED_DIFFERENCE": (99, 2, 2, 2, 99), "MIRROR_PAD": (100, 3, 3, 3, 99), "ABS": (101, 5, 5, 5, 99),
    "SPLIT_V": (102, 3, 2, 2, 99), "UNIQUE": (103, 1, 1, 1, 0), "CEIL": (104, 1, 1, 1, 99),
    "REVERSE_V2": (105, 4, 3, 3, 99), "ADD_N": (106, 1, 1, 1, 99), "GATHER_ND": (107, 6, 4, 5, 99),
    "COS": (108, 2, 1, 1, 99), "WHERE": (109, 2, 2, 2, 0), "RANK": (110, 1, 1, 1, 0), "ELU": (111, 1, 1, 1, 99),
    "REVERSE_SEQUENCE": (112, 1, 1, 1, 0), "MATRIX_DIAG": (113, 1, 1, 1, 0), "QUANTIZE": (114, 6, 3, 4, 99),
    "MATRIX_SET_DIAG": (115, 1, 1, 1, 0), "ROUND": (116, 1, 1, 1, 99), "HARD_SWISH": (117, 1, 1, 1, 99),
    "IF": (118, 1, 1, 1, 99), "WHILE": (119, 1, 1, 1, 99), "NON_MAX_SUPPRESSION_V4": (120, 1, 1, 1, 0),
    "NON_MAX_SUPPRESSION_V5": (121, 1, 1, 1, 0), "SCATTER_ND": (122, 1, 1, 1, 0), "SELECT_V2": (123, 2, 2, 2, 99),
    "DENSIFY": (124, 1, 1, 1, 0), "SEGMENT_SUM": (125, 1, 1, 1, 0), "BATCH_MATMUL": (126, 4, 4, 4, 99),
    "CUMSUM": (128, 1, 1, 1, 99), "CALL_ONCE": (129, 1, 1, 1, 99), "BROADCAST_TO": (130, 4, 3, 3, 99),
    "RFFT2D": (131, 1, 1, 1, 0), "CONV_3D": (132, 1, 1, 1, 0), "IMAG": (133, 1, 1, 1, 0), "REAL": (134, 1, 1, 1, 0),
    "COMPLEX_ABS": (135, 1, 1, 1, 0), "HASHTABLE": (136, 1, 1, 1, 0), "HASHTABLE_FIND": (137, 1, 1, 1, 0),
    "HASHTABLE_IMPORT": (138, 1, 1, 1, 0), "HASHTABLE_SIZE": (139, 1, 1, 1, 0), "REDUCE_ALL": (140, 1, 1, 1, 99),
    "CONV_3D_TRANSPOSE": (141, 1, 1, 1, 0), "VAR_HANDLE": (142, 1, 1, 1, 99), "READ_VARIABLE": (143, 1, 1, 1, 99),
    "ASSIGN_VARIABLE": (144, 1, 1, 1, 99), "BROADCAST_ARGS": (145, 1, 1, 1, 99),
    "RANDOM_STANDARD_NORMAL": (146, 1, 1, 1, 0), "BUCKETIZE": (147, 1, 1, 1, 0), "RANDOM_UNIFORM": (148, 1, 1, 1, 0),
    "MULTINOMIAL": (149, 1, 1, 1, 0), "GELU": (150, 3, 2, 2, 0), "DYNAMIC_UPDATE_SLICE": (151, 6, 1, 5, 99),
    "RELU_0_TO_1": (152, 1, 1, 1, 0), "UNSORTED_SEGMENT_PROD": (153, 1, 1, 1, 0),
    "UNSORTED_SEGMENT_MAX": (154, 1, 1, 1, 0), "UNSORTED_SEGMENT_SUM": (155, 1, 1, 1, 0), "ATAN2": (156, 1, 1, 1, 0),
    "UNSORTED_SEGMENT_MIN": (157, 1, 1, 1, 0), "SIGN": (158, 2, 2, 2, 0), "BITCAST": (159, 1, 1, 1, 0),
    "BITWISE_XOR": (160, 1, 1, 1, 0), "RIGHT_SHIFT": (161, 1, 1, 1, 0), "STABLEHLO_ADD": (163, 1, 0, 1, 0),
    "STABLEHLO_MULTIPLY": (165, 1, 0, 1, 0), "STABLEHLO_MAXIMUM": (166, 1, 0, 1, 0), "STABLEHLO_AND": (176, 1, 0, 1, 0),
    "STABLEHLO_MINIMUM": (181, 1, 0, 1, 0), "STABLEHLO_SCATTER": (190, 1, 0, 1, 0), "STABLEHLO_PAD": (195, 1, 0, 1, 0),
    "STABLEHLO_REDUCE_WINDOW": (198, 1, 0, 1, 0), "STABLEHLO_GATHER": (201, 1, 0, 1, 0), "DILATE": (203, 1, 0, 1, 0),
    "STABLEHLO_RNG_BIT_GENERATOR": (204, 1, 0, 1, 0), "REDUCE_WINDOW": (205, 1, 0, 1, 0),
    "STABLEHLO_COMPOSITE": (206, 1, 0, 1, 0), "STABLEHLO_SHIFT_LEFT": (207, 1, 0, 1, 0),
    "STABLEHLO_CASE": (209, 1, 0, 1, 0),
})  # fmt: skip
